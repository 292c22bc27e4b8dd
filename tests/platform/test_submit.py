"""`submit`: the runs that it starts, and those that it refuses to start."""

import pytest

from tests.platform.conftest import Operator
from tests.platform.test_operating import begun
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault

CALLBACK = {
    "CALLBACK_URL": "https://app.example/hook",
    "CALLBACK_TOKEN": "tok-3n",
}
SECRET = "5e0f8b5e-0000-4000-8000-000000000000"


@pytest.fixture
def definition(operator: Operator) -> Document:
    operator.environment |= CALLBACK
    return operator.scaleway.define(STORE_URL=operator.store.url)


def keep(operator: Operator, definition: Document, *names: str) -> None:
    """Give the definition secrets, as variables."""
    configs = [
        {
            "secret_manager_id": SECRET,
            "secret_manager_version": "1",
            "env_var_name": name,
        }
        for name in names
    ]
    operator.scaleway.jobs.create_secrets(
        {"job_definition_id": definition["id"], "secrets": configs}
    )


def test_a_run_gets_its_job_and_the_carried_variables_and_no_others(
    operator: Operator, definition: Document
) -> None:
    operator.environment |= {
        "GITHUB_TOKEN": "ghp-1",
        "LEASE_SECONDS": "7",
        "ANTHROPIC_API_KEY": "sk-1",
    }
    answer = operator.json(
        "submit",
        "pallets/click",
        "--branch",
        "8.1.x",
        "--job-id",
        "mine",
        "--update",
        "job-0",
    )
    run = operator.scaleway.jobs.runs[answer["runId"]]
    assert answer == {
        "jobId": "mine",
        "runId": run["id"],
        "definitionId": definition["id"],
    }
    job = {
        "JOB_ID": "mine",
        "REPOSITORY_URL": "pallets/click",
        "BRANCH": "8.1.x",
    }
    assert run["environment_variables"] == {
        **job,
        **CALLBACK,
        "GITHUB_TOKEN": "ghp-1",
        "UPDATE_FROM": "job-0",
    }


def test_each_job_without_an_id_gets_a_new_one(
    operator: Operator, definition: Document
) -> None:
    names = {
        operator.json("submit", "pallets/click")["jobId"] for _ in range(3)
    }
    assert (
        len(names) == len(operator.scaleway.jobs.runs_of(definition["id"])) == 3
    )
    assert all(name.startswith("click-") for name in names)


def test_all_faults_that_a_run_would_refuse_are_named_before_it_is_started(
    operator: Operator, definition: Document
) -> None:
    definition["environment_variables"] |= {
        "STORE_URL": "",
        "LEASE_SECONDS": "1",
    }
    operator.environment |= {"CALLBACK_URL": "", "CALLBACK_TOKEN": ""}
    invalid = ("--job-id", "a/b", "--update", "..", "https://host/x?y")
    answer = operator("submit", *invalid, code=78)
    for name in (
        "JOB_ID",
        "UPDATE_FROM",
        "REPOSITORY_URL",
        "STORE_URL",
        "LEASE_SECONDS",
        "CALLBACK_URL",
        "CALLBACK_TOKEN",
    ):
        assert f"{name} is " in answer
    assert operator.scaleway.jobs.runs == {}


def test_a_secret_of_the_definition_counts_as_set_although_its_value_is_unknown_here(
    operator: Operator, definition: Document
) -> None:
    definition["environment_variables"] |= {
        "STORE_URL": "s3://bucket/jobs",
        "SCW_ACCESS_KEY": "SCWX",
    }
    assert "SCW_SECRET_KEY is missing" in operator(
        "submit", "pallets/click", code=78
    )
    operator.environment["CALLBACK_TOKEN"] = ""
    keep(
        operator,
        definition,
        "SCW_SECRET_KEY",
        "CALLBACK_TOKEN",
        "ANTHROPIC_API_KEY",
    )
    operator("submit", "pallets/click")
    assert len(operator.scaleway.jobs.runs) == 1


def test_the_id_of_another_repositorys_job_is_refused(
    operator: Operator, definition: Document
) -> None:
    begun(operator)
    assert "job-1" in operator(
        "submit", "pallets/click", "--job-id", "job-1", code=78
    )
    assert operator.scaleway.jobs.runs_of(definition["id"]) == []


def test_a_lost_answer_starts_no_second_run(
    operator: Operator, definition: Document
) -> None:
    operator.scaleway.fault(Fault(lost=True, on="/start"))
    answer = operator.json("submit", "pallets/click", "--job-id", "mine")
    assert [
        run["id"] for run in operator.scaleway.jobs.runs_of(definition["id"])
    ] == [answer["runId"]]


def test_a_definition_is_found_by_name_or_id_on_every_page(
    operator: Operator, definition: Document
) -> None:
    operator.scaleway.page_limit = 2
    others = [
        operator.scaleway.define(
            f"other-{number}", STORE_URL=operator.store.url
        )
        for number in range(5)
    ]
    assert (
        operator.json("submit", "a/b", "--definition", "other-4")[
            "definitionId"
        ]
        == others[4]["id"]
    )
    operator.environment["SCW_JOB_DEFINITION"] = others[2]["id"]
    assert operator.json("submit", "a/b")["definitionId"] == others[2]["id"]
    operator.environment |= {
        "SCW_DEFAULT_PROJECT_ID": "",
        "SCW_JOB_DEFINITION": definition["id"],
    }
    assert operator.json("submit", "a/b")["definitionId"] == definition["id"]


def test_values_that_the_platform_may_refuse_are_warned_about(
    operator: Operator, definition: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = (
        operator.scaleway.environment
        | operator.environment
        | {"CALLBACK_TOKEN": "x" * 1001}
    )
    from worker.cli.main import main  # noqa: PLC0415 - the operator would swallow the warning

    assert main(["submit", "a/b"], variables) == 0
    answer = capsys.readouterr().err
    assert "warning: CALLBACK_TOKEN is longer than 1000 characters" in answer
    assert "xxxx" not in answer
    assert len(operator.scaleway.jobs.runs_of(definition["id"])) == 1
