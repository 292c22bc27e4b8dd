"""The rules for a job's request, which are the same for all entry points."""

from pathlib import Path

import pytest
import yaml

from states.manifest import Identity
from worker.cli.commands.batch_file import read_entries
from worker.errors import UsageError
from worker.gateway.request import FaultyRequestError
from worker.gateway.request import read_request as read_gateway_request
from worker.job_request import (
    Field,
    fault_lines,
    field_fault,
    read_request,
    same_job,
)
from worker.settings.reader import EnvironmentReader

GOOD = {
    Field.JOB_ID: "job-1",
    Field.REPOSITORY: "owner/name",
    Field.BRANCH: "main",
}
BAD = [
    (Field.JOB_ID, "a/b"),
    (Field.JOB_ID, ".."),
    (Field.REPOSITORY, "ssh://host/x"),
    (Field.REPOSITORY, "https://host/x?y"),
    (Field.BRANCH, "--upload-pack=x"),
    (Field.BRANCH, "a..b"),
]


def environment_faults(request: dict[Field, str]) -> list[str]:
    reader = EnvironmentReader(
        {
            "JOB_ID": request[Field.JOB_ID],
            "REPOSITORY_URL": request[Field.REPOSITORY],
            "BRANCH": request[Field.BRANCH],
        }
    )
    read_request(reader, allow_http=False)
    return reader.faults


def gateway_faults(request: dict[Field, str]) -> list[str]:
    document = {
        "jobId": request[Field.JOB_ID],
        "repositoryUrl": request[Field.REPOSITORY],
        "branch": request[Field.BRANCH],
        "callbackUrl": "https://app.example/hook",
        "callbackToken": "tok-3n",
    }
    try:
        read_gateway_request(document, allow_http=False)
    except FaultyRequestError as error:
        return list(error.fields.values())
    return []


def batch_faults(request: dict[Field, str], folder: Path) -> list[str]:
    entry = {
        "jobId": request[Field.JOB_ID],
        "repository": request[Field.REPOSITORY],
        "branch": request[Field.BRANCH],
    }
    file = folder / "batch.yaml"
    file.write_text(yaml.safe_dump([entry]))
    try:
        read_entries(file, local=False, allow_http=False)
    except UsageError as error:
        return str(error).splitlines()
    return []


def test_a_good_request_is_accepted_everywhere(tmp_path: Path) -> None:
    assert environment_faults(GOOD) == []
    assert gateway_faults(GOOD) == []
    assert batch_faults(GOOD, tmp_path) == []


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_field_is_refused_everywhere_for_the_same_reason(
    field: Field, value: str, tmp_path: Path
) -> None:
    request = GOOD | {field: value}
    reason = field_fault(field, value)
    assert reason is not None
    for faults in (
        environment_faults(request),
        batch_faults(request, tmp_path),
    ):
        (fault,) = faults
        assert fault.endswith(reason)
    (gateway_fault,) = gateway_faults(request)
    assert reason.startswith(gateway_fault)


def test_a_fault_shows_no_credentials() -> None:
    request = {Field.REPOSITORY: "https://user:hush@host/x"}
    (line,) = fault_lines(request, {Field.REPOSITORY: "repository"})
    assert "hush" not in line
    assert line.startswith("repository is 'https://***@host/x'")


@pytest.mark.parametrize(
    ("repository", "branch", "same"),
    [
        ("https://GitHub.com/owner/name.git", "main", True),
        ("owner/name", "dev", False),
        ("owner/other", "main", False),
    ],
)
def test_jobs_are_the_same_if_repository_and_branch_are(
    repository: str,
    branch: str,
    same: bool,  # noqa: FBT001 - pytest's
) -> None:
    identity = Identity(job_id="job-1", repository="owner/name", branch="main")
    other = Identity(job_id="job-1", repository=repository, branch=branch)
    assert same_job(identity, other) is same
