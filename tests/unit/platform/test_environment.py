"""The environment of a run on the platform, and the settings for its job."""

import pytest

from states import decisions
from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage
from tests.support.builders import IDENTITY, completed, entered, error
from tests.unit.platform.builders import definition, reference, run
from worker.errors import ConfigError
from worker.platform.environment import (
    doubts,
    is_secretive,
    job_environment,
    run_environment,
    secret_fault,
    variable_fault,
)
from worker.platform.port import PlatformRun
from worker.platform.settings import PlatformSettings, is_uuid, read_platform
from worker.services.follow import outcome
from worker.settings.reader import EnvironmentReader

PROJECT = "5e0f8b5e-0000-4000-8000-000000000000"
KEY = {"SCW_SECRET_KEY": "hush"}
JOB = {
    "JOB_ID": "job-1",
    "REPOSITORY_URL": IDENTITY.repository,
    "BRANCH": "main",
}


def test_later_sources_override_earlier_ones_unless_they_are_empty() -> None:
    earlier = {
        "CALLBACK_URL": "https://a",
        "CALLBACK_TOKEN": "a",
        "JOB_ID": "another",
        "PATH": "/bin",
    }
    environment = job_environment(
        IDENTITY,
        earlier,
        {"CALLBACK_TOKEN": "b", "CALLBACK_URL": "", "GITHUB_TOKEN": "c"},
    )
    assert environment == {
        **JOB,
        "CALLBACK_URL": "https://a",
        "CALLBACK_TOKEN": "b",
        "GITHUB_TOKEN": "c",
    }


def test_a_runs_variables_override_the_definitions_and_secrets_are_set_by_name() -> (
    None
):
    environment = run_environment(
        definition(BRANCH="dev", STORE_URL="s3://b"),
        [reference("SCW_SECRET_KEY"), reference("OTHER")],
        JOB,
    )
    assert environment["BRANCH"] == "main"
    assert environment["STORE_URL"] == "s3://b"
    assert environment["SCW_SECRET_KEY"] == "unknown"
    assert "OTHER" not in environment


@pytest.mark.parametrize(
    "name", ["SCW_SLS_X", "scw_sls_y", "1A", "A-B", "", "A" * 101, "A B"]
)
def test_names_that_no_variable_may_have(name: str) -> None:
    assert variable_fault(name)


@pytest.mark.parametrize(
    ("name", "right"),
    [("API_KEY", True), ("K2", True), ("api", False), ("A__B", False)],
)
def test_names_that_a_secret_may_have(name: str, *, right: bool) -> None:
    assert (secret_fault(name) is None) is right
    assert variable_fault(name) is None


def test_names_show_what_may_be_secret() -> None:
    assert all(
        map(
            is_secretive,
            (
                "GITHUB_TOKEN",
                "aws_secret_access_key",
                "PASSWORD",
                "CALLBACK_URL",
            ),
        )
    )
    assert not any(map(is_secretive, ("STORE_URL", "ENGINE", "LEASE_SECONDS")))


def test_doubtful_values_are_named_and_not_shown() -> None:
    assert doubts({"A": "x" * 1000, "B": "fine"}) == []
    assert [
        line.split()[0] for line in doubts({"A": "x" * 1001, "B": "two\nlines"})
    ] == ["A", "B"]


def read(
    environment: dict[str, str], definition: str | None = None
) -> PlatformSettings:
    """Read the settings of a platform."""
    reader = EnvironmentReader(environment)
    settings = read_platform(reader, definition)
    reader.finish()
    return settings


def test_the_platforms_settings_have_the_sdks_names_and_defaults() -> None:
    settings = read(KEY)
    assert settings.api_url == "https://api.scaleway.com"
    assert settings.region == "fr-par"
    assert settings.project_id is None
    assert settings.definition == "fondation-worker"
    assert read(KEY | {"SCW_JOB_DEFINITION": "mine"}).definition == "mine"
    assert (
        read(KEY | {"SCW_JOB_DEFINITION": "mine"}, "given").definition
        == "given"
    )
    assert (
        read(KEY | {"SCW_API_URL": "http://127.0.0.1:1/"}).api_url
        == "http://127.0.0.1:1"
    )
    assert "hush" not in repr(settings)


def test_all_faults_of_the_platforms_settings_are_reported_at_once() -> None:
    wrong = {
        "SCW_API_URL": "ftp://x",
        "SCW_DEFAULT_REGION": "paris/..",
        "SCW_DEFAULT_PROJECT_ID": "mine",
    }
    with pytest.raises(ConfigError) as raised:
        read(wrong)
    for name in (
        "SCW_SECRET_KEY is missing",
        *(f"{name} is " for name in wrong),
    ):
        assert name in str(raised.value)


def test_ids_are_distinguished_from_names() -> None:
    assert is_uuid(PROJECT)
    assert is_uuid(PROJECT.upper())
    assert not any(
        map(is_uuid, ("fondation-worker", PROJECT[:-1], f"{PROJECT}0", ""))
    )


MIDDLE = entered(Stage.ORDER)
FAILED = decisions.fail(MIDDLE, error(Exit.DATA_ERROR))


@pytest.mark.parametrize(
    ("manifest", "last", "state", "code"),
    [
        (completed(), run(state="succeeded", exit_code=0), "completed", 0),
        (
            completed(),
            run(reason="exited_with_error", exit_code=75),
            "completed",
            0,
        ),
        (FAILED, run(exit_code=65), "failed", 65),
        (MIDDLE, run(exit_code=70), "ordering", 70),
        (MIDDLE, run(reason="memory_usage_exceeded"), "ordering", 75),
        (MIDDLE, run(exit_code=1), "ordering", 75),
        (MIDDLE, run(state="succeeded", exit_code=0), "ordering", 75),
        (None, run(state="succeeded", exit_code=0), "succeeded", 0),
        (None, run(exit_code=78), "failed", 78),
    ],
)
def test_the_outcome_of_a_job(
    manifest: Manifest | None, last: PlatformRun, state: str, code: int
) -> None:
    job_outcome = outcome(manifest, last)
    assert job_outcome is not None
    assert job_outcome.state == state
    assert job_outcome.exit_code == code


def test_a_job_whose_run_lives_has_no_outcome_yet() -> None:
    assert outcome(FAILED, run(state="retrying")) is None


def test_an_unusable_connection_to_the_platform_is_refused_by_name() -> None:
    for name, value in (
        ("ALL_PROXY", "socks5://x"),
        ("HTTPS_PROXY", "http://x:y"),
        ("SSL_CERT_FILE", "/missing"),
    ):
        with pytest.raises(ConfigError, match=name):
            read(KEY | {name: value})
    settings = read(
        KEY
        | {"HTTPS_PROXY": "http://me:hush@proxy.test", "NO_PROXY": "other.test"}
    )
    assert settings.proxy is not None
    assert "hush" not in repr(settings)
    assert (
        read(
            KEY | {"HTTPS_PROXY": "socks5://x", "NO_PROXY": ".scaleway.com"}
        ).proxy
        is None
    )
