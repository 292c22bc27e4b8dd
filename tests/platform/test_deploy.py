"""`deploy`: creating and updating the definition, and the options that it refuses."""

import pytest

from tests.platform.conftest import Operator
from tests.support.scaleway.server import Fault
from worker.cli.main import main

IMAGE = ("deploy", "--image", "registry.example/worker:2")
SECRET = "5e0f8b5e-0000-4000-8000-000000000000"


def test_a_definition_is_created_with_the_defaults_and_then_left_alone(
    operator: Operator,
) -> None:
    answer = operator.json(
        *IMAGE,
        "--env",
        "STORE_URL=s3://bucket/jobs",
        "--secret",
        f"ANTHROPIC_API_KEY={SECRET}",
    )
    definition = operator.scaleway.jobs.definitions[answer["definitionId"]]
    shape = [
        definition[name]
        for name in (
            "cpu_limit",
            "memory_limit",
            "local_storage_capacity",
            "job_timeout",
        )
    ]
    assert answer["created"]
    assert shape == [2000, 4096, 10000, "86400s"]
    assert definition["retry_policy"] == {"max_retries": 5}
    written = len(operator.scaleway.jobs.writes)
    again = operator.json(
        *IMAGE,
        "--env",
        "STORE_URL=s3://bucket/jobs",
        "--secret",
        f"ANTHROPIC_API_KEY={SECRET}",
    )
    assert not again["changed"]
    assert again["differences"] == []
    assert len(operator.scaleway.jobs.writes) == written


def test_a_dry_run_shows_each_difference_and_writes_nothing(
    operator: Operator,
) -> None:
    operator.scaleway.define(STORE_URL="s3://bucket/jobs")
    answer = operator(
        *IMAGE, "--memory", "8192", "--env", "LEASE_SECONDS=60", "--dry-run"
    )
    assert "would change job definition fondation-worker" in answer
    assert (
        "image: registry.example/worker:1 -> registry.example/worker:2"
        in answer
    )
    assert "memory: 4096MiB -> 8192MiB" in answer
    assert "env LEASE_SECONDS: none -> 60" in answer
    assert operator.scaleway.jobs.writes == []


def test_an_update_keeps_fields_that_were_not_given(operator: Operator) -> None:
    definition = operator.scaleway.define(
        STORE_URL="s3://bucket/jobs", SET_IN_THE_CONSOLE="yes"
    )
    definition["cpu_limit"] = 4000
    answer = operator.json(*IMAGE, "--env", "LEASE_SECONDS=60")
    assert [change["what"] for change in answer["differences"]] == [
        "image",
        "env LEASE_SECONDS",
    ]
    assert definition["cpu_limit"] == 4000
    assert definition["environment_variables"]["SET_IN_THE_CONSOLE"] == "yes"


def test_a_value_that_may_be_secret_is_hidden_and_warned_about(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.environment["X"] = ""
    answer = operator.json(
        *IMAGE, "--env", "ANTHROPIC_API_KEY=sk-123", "--dry-run"
    )
    shown = [
        change["after"]
        for change in answer["differences"]
        if change["what"] == "env ANTHROPIC_API_KEY"
    ]
    assert shown == ["***"]
    assert "sk-123" not in capsys.readouterr().err


def test_a_secret_replaces_a_variable_and_its_own_earlier_version(
    operator: Operator,
) -> None:
    definition = operator.scaleway.define(GITHUB_TOKEN="bare")
    operator(*IMAGE, "--secret", f"GITHUB_TOKEN={SECRET}:1")
    assert "GITHUB_TOKEN" not in definition["environment_variables"]
    answer = operator.json(*IMAGE, "--secret", f"GITHUB_TOKEN={SECRET}:2")
    assert answer["differences"] == [
        {
            "what": "secret GITHUB_TOKEN",
            "before": f"{SECRET}:1",
            "after": f"{SECRET}:2",
        }
    ]
    references = operator.scaleway.jobs.secrets.values()
    assert [
        reference["secret_manager_version"] for reference in references
    ] == ["2"]


def test_a_variable_replaces_a_secret(operator: Operator) -> None:
    definition = operator.scaleway.define()
    operator(*IMAGE, "--secret", f"ENGINE={SECRET}")
    operator(*IMAGE, "--env", "ENGINE=static")
    assert definition["environment_variables"] == {"ENGINE": "static"}
    assert operator.scaleway.jobs.secrets == {}


def test_a_variable_that_the_platform_fails_to_remove_is_named(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.scaleway.define(GITHUB_TOKEN="bare")
    operator.scaleway.jobs.merges = True
    argv = [*IMAGE, "--secret", f"GITHUB_TOKEN={SECRET}"]
    assert (
        main(argv, {**operator.scaleway.environment, **operator.environment})
        == 0
    )
    assert (
        "the platform has kept the variable GITHUB_TOKEN"
        in capsys.readouterr().err
    )


def test_a_secret_is_added_once_although_the_answer_was_lost(
    operator: Operator,
) -> None:
    operator.scaleway.fault(
        Fault(
            lost=True,
            on="POST /serverless-jobs/v1alpha2/regions/fr-par/secrets",
        )
    )
    operator(*IMAGE, "--secret", f"GITHUB_TOKEN={SECRET}")
    assert len(operator.scaleway.jobs.secrets) == 1


def test_an_id_is_refused_as_the_name_of_a_new_definition(
    operator: Operator,
) -> None:
    assert "give a name to create one" in operator(
        *IMAGE, "--definition", SECRET, code=78
    )
    assert operator.scaleway.jobs.definitions == {}


def test_a_definition_is_created_once_although_the_answer_was_lost(
    operator: Operator,
) -> None:
    operator.scaleway.fault(
        Fault(
            lost=True,
            on="POST /serverless-jobs/v1alpha2/regions/fr-par/job-definitions",
        )
    )
    operator(*IMAGE)
    assert len(operator.scaleway.jobs.definitions) == 1


def test_a_definition_of_the_name_in_another_project_is_not_touched(
    operator: Operator,
) -> None:
    other = operator.scaleway.define()
    other["project_id"] = "11111111-1111-1111-1111-111111111111"
    answer = operator.json(*IMAGE)
    assert answer["created"]
    assert answer["definitionId"] != other["id"]


def test_two_definitions_of_one_name_must_be_selected_by_id(
    operator: Operator,
) -> None:
    first, second = operator.scaleway.define(), operator.scaleway.define()
    answer = operator(*IMAGE, code=78)
    assert first["id"] in answer
    assert second["id"] in answer
    assert (
        operator.json(*IMAGE, "--definition", second["id"])["definitionId"]
        == second["id"]
    )


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--cpu", "9000"), "--cpu is 9000: it must be from 1 to 6000"),
        (("--timeout", "25h"), "--timeout is '25h': a run may take 1s to 24h"),
        (("--retries", "6"), "--retries is 6: it must be from 0 to 5"),
        (
            ("--env", "SCW_SLS_X=1"),
            "names that begin with SCW_SLS are reserved for the platform",
        ),
        (("--env", "A=1", "--env", "A=2"), "--env A is given twice"),
        (("--env", "NOTHING"), "--env must be NAME=VALUE"),
        (
            ("--secret", "KEY=sk-123"),
            "--secret KEY: it must be KEY=ID or KEY=ID:VERSION",
        ),
        (
            ("--env", "A=1", "--secret", f"A={SECRET}"),
            "A is given both by --env and by --secret",
        ),
    ],
)
def test_wrong_options_are_refused_before_any_request(
    options: tuple[str, ...], fault: str, operator: Operator
) -> None:
    answer = operator(*IMAGE, *options, code=64)
    assert fault in answer
    assert "sk-123" not in answer
    assert operator.scaleway.requests == []


def test_refused_keys_end_with_77_and_missing_ones_with_78(
    operator: Operator,
) -> None:
    operator.scaleway.secret_key = "another"
    operator.environment["SCW_SECRET_KEY"] = "wrong"
    assert "check SCW_SECRET_KEY" in operator(*IMAGE, code=77)
    operator.environment["SCW_SECRET_KEY"] = ""
    operator.environment["SCW_DEFAULT_PROJECT_ID"] = ""
    answer = operator(*IMAGE, code=78)
    assert "SCW_SECRET_KEY is missing" in answer
    assert "SCW_DEFAULT_PROJECT_ID is missing" in answer
