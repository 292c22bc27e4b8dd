"""How the client handles the faults of an API over a network."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.scaleway.server import Fault, ScalewayServer
from tests.support.tcp_server import answering, tcp_server
from worker.errors import ConfigError, RefusedError, TemporaryError
from worker.platform.api import Api
from worker.platform.idempotent import start_run
from worker.platform.port import DefinitionFields, LostAnswerError
from worker.platform.scaleway import Scaleway
from worker.platform.settings import read_platform
from worker.settings.reader import EnvironmentReader
from worker.system.runtime import SystemRuntime

ENVIRONMENT = {"JOB_ID": "job-1", "CALLBACK_TOKEN": "tok-3n-of-it"}


class RecordingRuntime(SystemRuntime):
    """Records the pauses between attempts instead of waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def flag(self) -> Any:  # noqa: ANN401 - a Flag
        flag = super().flag()
        runtime = self

        class RecordingFlag:
            set = flag.set
            is_set = flag.is_set

            def wait(self, seconds: float) -> bool:
                runtime.waits.append(seconds)
                return flag.is_set()

        return RecordingFlag()


@pytest.fixture
def runtime() -> RecordingRuntime:
    return RecordingRuntime()


@pytest.fixture
def platform(scaleway: ScalewayServer, runtime: RecordingRuntime) -> Scaleway:
    return connect(scaleway, runtime)


def connect(
    scaleway: ScalewayServer, runtime: RecordingRuntime, **environment: str
) -> Scaleway:
    settings = read_platform(
        EnvironmentReader({**scaleway.environment, **environment}), None
    )
    return Scaleway(Api(settings, runtime, 5), settings.project_id)


def test_all_pages_are_read_at_any_page_size(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.page_limit = 7
    made = [scaleway.define(f"job-{number}")["id"] for number in range(23)]
    assert [definition_.id for definition_ in platform.definitions()] == made


def test_calls_go_through_the_proxy(
    scaleway: ScalewayServer, runtime: RecordingRuntime
) -> None:
    definitions = b'{"job_definitions": [], "total_count": 0}'
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(definitions)
    )
    with tcp_server(answering(head + definitions)) as proxy:
        there = connect(
            scaleway,
            runtime,
            SCW_API_URL="http://api.test",
            HTTP_PROXY=f"http://127.0.0.1:{proxy.port}",
        )
        assert there.definitions() == []
    assert proxy.received.startswith(b"GET http://api.test/serverless-jobs/")


def test_a_definition_of_another_project_is_not_ours(
    scaleway: ScalewayServer, runtime: RecordingRuntime
) -> None:
    scaleway.define()
    other = connect(
        scaleway,
        runtime,
        SCW_DEFAULT_PROJECT_ID="11111111-1111-1111-1111-111111111111",
    )
    assert other.definitions() == []


def test_a_run_without_an_exit_code_has_none(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    run = platform.start(definition["id"], ENVIRONMENT)
    scaleway.jobs.end(
        scaleway.jobs.runs[run.id], "failed", reason="memory_usage_exceeded"
    )
    platform_run = platform.run(run.id)
    assert platform_run is not None
    assert platform_run.exit_code is None
    assert platform_run.reason == "memory_usage_exceeded"
    assert not platform_run.live
    assert platform_run.created_at <= datetime.now(UTC)  # noqa: TID251 - a server's time


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_temporary_failure_is_retried(
    status: int, scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.define()
    scaleway.fault(Fault(status=status, times=3))
    assert len(platform.definitions()) == 1


def test_retry_after_is_honoured(
    scaleway: ScalewayServer, platform: Scaleway, runtime: RecordingRuntime
) -> None:
    scaleway.fault(Fault(status=429, headers={"Retry-After": "4"}))
    platform.definitions()
    assert runtime.waits == [4.0]


def test_an_api_that_stays_down_is_a_temporary_error(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.fault(Fault(status=503, times=99))
    with pytest.raises(TemporaryError, match="HTTP 503; run this again later"):
        platform.definitions()
    assert len(scaleway.requests) == 5


def test_refused_keys_are_reported_as_refused(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.secret_key = "another"
    with pytest.raises(
        RefusedError, match="check SCW_SECRET_KEY and SCW_DEFAULT_PROJECT_ID"
    ):
        platform.definitions()


def test_a_page_that_is_not_json_is_not_taken_for_the_api(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.fault(Fault(status=404))
    with pytest.raises(
        ConfigError,
        match="is not Scaleway's API: HTTP 404, no reason given; check SCW_API_URL",
    ):
        platform.definitions()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>welcome</html>",
        b'{"job_definitions": [{}]}',
        b"[]",
        b"null",
        b"{}",
    ],
)
def test_an_answer_that_is_not_understood_is_requested_again(
    body: bytes, scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.define()
    scaleway.fault(Fault(status=200, body=body, times=2))
    assert len(platform.definitions()) == 1


def test_an_unreachable_api_is_a_temporary_error(
    scaleway: ScalewayServer, runtime: RecordingRuntime
) -> None:
    away = connect(scaleway, runtime, SCW_API_URL="http://127.0.0.1:1")
    with pytest.raises(TemporaryError, match="no connection"):
        away.start("some-definition", ENVIRONMENT)


def test_an_answer_that_comes_byte_by_byte_is_abandoned_in_time(
    scaleway: ScalewayServer, runtime: RecordingRuntime
) -> None:
    scaleway.fault(
        Fault(status=200, body=b" " * 10_000, trickle=True, times=99)
    )
    settings = read_platform(EnvironmentReader(scaleway.environment), None)
    with pytest.raises(TemporaryError, match="no answer"):
        Scaleway(Api(settings, runtime, 0.5), settings.project_id).definitions()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, "quotas_exceeded"),
        (409, "transient_state"),
        (412, "transient_state"),
    ],
)
def test_a_refusal_that_time_may_lift_is_a_temporary_error(
    status: int, kind: str, scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.fault(
        Fault(
            status=status,
            body=b'{"type": "%s", "message": "not now"}' % kind.encode(),
        )
    )
    with pytest.raises(TemporaryError, match=f"HTTP {status}, not now"):
        platform.definitions()


def test_redirects_are_not_followed_since_they_would_carry_the_key(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    scaleway.fault(
        Fault(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    )
    with pytest.raises(ConfigError, match="HTTP 302"):
        platform.definitions()


def test_a_refusal_says_why_without_what_was_sent(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    body = (
        b'{"type": "invalid_arguments", "message": "tok-3n-of-it is too long"}'
    )
    scaleway.fault(Fault(status=400, body=body))
    with pytest.raises(ConfigError, match=r"HTTP 400, \*\*\* is too long"):
        platform.start(scaleway.define()["id"], ENVIRONMENT)


def test_a_start_whose_answer_was_lost_is_found_and_not_repeated(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    scaleway.fault(Fault(lost=True, on="/start"))
    run = start_run(platform, RecordingRuntime(), definition["id"], ENVIRONMENT)
    assert list(scaleway.jobs.runs) == [run.id]


def test_a_start_that_certainly_did_not_happen_is_repeated(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    scaleway.fault(Fault(status=503, on="/start"))
    start_run(platform, RecordingRuntime(), definition["id"], ENVIRONMENT)
    assert len(scaleway.jobs.runs) == 1


def test_an_earlier_run_of_the_job_is_not_taken_for_the_one_that_was_started(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    first = platform.start(definition["id"], ENVIRONMENT)
    scaleway.fault(Fault(status=500, on="/start"))
    second = start_run(
        platform, RecordingRuntime(), definition["id"], ENVIRONMENT, [first.id]
    )
    assert list(scaleway.jobs.runs) == [first.id, second.id]


def test_an_unknown_outcome_of_a_start_is_reported(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    scaleway.fault(Fault(status=500, times=99))
    with pytest.raises(
        LostAnswerError,
        match="it is unknown whether a run of job job-1 was started",
    ):
        start_run(platform, RecordingRuntime(), definition["id"], ENVIRONMENT)


def test_a_silent_api_is_abandoned_in_time(
    scaleway: ScalewayServer, runtime: RecordingRuntime
) -> None:
    scaleway.fault(Fault(silent=True, times=99))
    settings = read_platform(EnvironmentReader(scaleway.environment), None)
    with pytest.raises(TemporaryError, match="no answer"):
        Scaleway(Api(settings, runtime, 0.3), settings.project_id).definitions()


def test_stopping_an_ended_process_is_not_an_error(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    run = platform.start(definition["id"], ENVIRONMENT)
    scaleway.jobs.end(scaleway.jobs.runs[run.id], "succeeded", exit_code=0)
    scaleway.fault(
        Fault(status=400, body=b'{"message": "it is over"}', on="/stop")
    )
    platform.stop(run.id)
    platform.stop("gone")


def test_secrets_are_added_changed_and_removed(
    scaleway: ScalewayServer, platform: Scaleway
) -> None:
    definition = scaleway.define()
    platform.add_secret(
        definition["id"], variable="KEY", secret="s", version="latest"
    )
    held = platform.secrets(definition["id"])[0]
    platform.change_secret(held.id, version="2")
    assert [
        (reference.variable, reference.version)
        for reference in platform.secrets(definition["id"])
    ] == [("KEY", "2")]
    platform.remove_secret(held.id)
    platform.remove_secret(held.id)
    assert platform.secrets(definition["id"]) == []


def test_changing_a_deleted_definition_is_a_configuration_error(
    platform: Scaleway,
) -> None:
    with pytest.raises(ConfigError, match="no longer exists on the platform"):
        platform.update(
            "5e0f8b5e-0000-4000-8000-000000000000", DefinitionFields(cpu=1000)
        )
