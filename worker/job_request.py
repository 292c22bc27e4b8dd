"""The request for a job: its id, repository and branch, checked by the same rules everywhere."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, assert_never

from states.keys import valid_job_id
from states.manifest import Identity
from states.repository_url import (
    branch_fault,
    full_url,
    normal_form,
    repository_fault,
    short_name,
    without_credentials,
)
from worker.errors import UsageError
from worker.settings.proxies import check_git_proxy
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings, read_settings

DEFAULT_BRANCH: Final = "main"


class Field(StrEnum):
    """A field of a request; environment, command line and gateway have their own names for it."""

    JOB_ID = "job id"
    REPOSITORY = "repository"
    BRANCH = "branch"
    UPDATE_FROM = "earlier job"


VARIABLES: Final = {
    Field.JOB_ID: "JOB_ID",
    Field.REPOSITORY: "REPOSITORY_URL",
    Field.BRANCH: "BRANCH",
    Field.UPDATE_FROM: "UPDATE_FROM",
}
JOB_ID_MEANING: Final = "the job's id"
REPOSITORY_MEANING: Final = "the repository, as https://host/path or owner/name"
CALLBACK_URL_MEANING: Final = "the address of the web app's webhook"
CALLBACK_TOKEN_MEANING: Final = "the token that the webhook expects"  # noqa: S105 - its meaning
_JOB_ID_RULE: Final = (
    "it must be 1 to 128 of the characters A-Z a-z 0-9 . _ -, and not . or .."
)


def field_fault(
    field: Field, value: str, *, allow_http: bool = False
) -> str | None:
    """Return why a field's value is refused, without quoting the value, or None."""
    match field:
        case Field.JOB_ID | Field.UPDATE_FROM:
            if valid_job_id(value):
                return None
            return _JOB_ID_RULE
        case Field.REPOSITORY:
            return repository_fault(value, allow_http=allow_http)
        case Field.BRANCH:
            return branch_fault(value)
    assert_never(field)


def fault_lines(
    request: Mapping[Field, str],
    names: Mapping[Field, str],
    *,
    allow_http: bool = False,
) -> list[str]:
    """Check the fields of a request; return a line for each fault, with the fields' `names`."""
    lines = []
    for field, value in request.items():
        fault = field_fault(field, value, allow_http=allow_http)
        if fault is not None:
            shown = without_credentials(value)
            lines.append(f"{names[field]} is {shown!r}: {fault}")
    return lines


def same_job(identity: Identity, other: Identity) -> bool:
    """Whether two identities with the same job id have the same repository and branch."""
    repository = normal_form(identity.repository)
    same_repository = repository == normal_form(other.repository)
    return same_repository and identity.branch == other.branch


def derived_job_id(repository: str, *parts: str) -> str:
    """Return a job id derived from a repository and further parts only."""
    source = json.dumps([normal_form(repository), *parts])
    digest = hashlib.sha256(source.encode()).hexdigest()
    return f"{short_name(repository)[:64]}-{digest[:12]}"


def is_folder(repository: str) -> bool:
    """Whether a repository is given as a folder on this machine, existing or not."""
    if repository.startswith((".", "/", "~")):
        return True
    try:
        return Path(repository).is_dir()
    except OSError:
        # The name is too long for a file, or lies in a folder that we may not read.
        return False


def expanded(path: Path) -> Path:
    """Expand the `~` or `~user` of a path, or raise UsageError."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"{str(path)!r}: the home folder is unknown: give an absolute path"
        ) from error


def read_job(
    reader: EnvironmentReader, store_url: str | None = None
) -> tuple[Settings, Identity]:
    """Read the whole request of a run in job mode, including what only job mode requires.

    `store_url` overrides the variable; the caller calls `reader.finish()`.
    """
    settings = read_settings(reader, store_url)
    if not settings.store_url:
        reader.required(
            "STORE_URL",
            "where checkpoints and files are kept, as s3://bucket/prefix or file:///folder",
        )
    if not reader.required("CALLBACK_URL", CALLBACK_URL_MEANING):
        reader.required("CALLBACK_TOKEN", CALLBACK_TOKEN_MEANING)
    return settings, read_request(reader, allow_http=settings.allow_http_git)


def read_request(reader: EnvironmentReader, *, allow_http: bool) -> Identity:
    """Read a request from the environment (job mode); the caller calls `reader.finish()`."""
    job_id = reader.required("JOB_ID", JOB_ID_MEANING)
    repository = reader.required("REPOSITORY_URL", REPOSITORY_MEANING)
    branch = reader.text("BRANCH", DEFAULT_BRANCH) or DEFAULT_BRANCH
    fields = {
        Field.JOB_ID: job_id,
        Field.REPOSITORY: repository,
        Field.BRANCH: branch,
    }
    present = {field: value for field, value in fields.items() if value}
    reader.faults += fault_lines(present, VARIABLES, allow_http=allow_http)
    check_trust(reader, repository)
    return Identity(job_id=job_id, repository=repository, branch=branch)


def read_update_from(reader: EnvironmentReader) -> str | None:
    """Read which earlier job a new job updates; the caller calls `reader.finish()`."""
    job_id = reader.text("UPDATE_FROM")
    if job_id:
        reader.faults += fault_lines({Field.UPDATE_FROM: job_id}, VARIABLES)
    return job_id or None


def check_trust(reader: EnvironmentReader, repository: str) -> None:
    """Check the proxy and the CA certificates that git uses for a repository's host."""
    url = full_url(repository)
    if repository_fault(url, allow_http=True) is None:
        check_git_proxy(reader, url)
    over_tls = url.lower().startswith("https:")
    if over_tls and not reader.text("GIT_SSL_CAINFO"):
        reader.certificates("SSL_CERT_FILE")
