"""What a run is asked to do: a job's name, its repository and its branch, checked."""

import hashlib
import json
from pathlib import Path
from typing import Final

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
from worker.settings.settings import EnvironmentReader, Settings, read_settings

DEFAULT_BRANCH: Final = "main"


def derived_job_id(repository: str, *more: str) -> str:
    """Return the name of a job that is about a repository and some more: the same, wherever it is asked for."""
    what = json.dumps([normal_form(repository), *more])
    return f"{short_name(repository)[:64]}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


def expanded(path: Path) -> Path:
    """Return a path with the home folder that its `~` or `~user` stands for, or raise UsageError."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"{str(path)!r}: no such home folder is known: give the whole path"
        ) from error


def job_id_fault(job_id: str) -> str | None:
    """Say what is wrong with the name of a job, or return None."""
    return (
        None
        if valid_job_id(job_id)
        else "it must be 1 to 128 of the characters A-Z a-z 0-9 . _ -, and not . or .."
    )


def read_job(
    reader: EnvironmentReader, store_url: str | None = None
) -> tuple[Settings, Identity]:
    """Read all that a run in job mode is told, some of which only it cannot do without.

    `store_url` overrides the variable; the caller calls `reader.finish()`.
    """
    settings = read_settings(reader, store_url)
    if not settings.store_url:
        reader.required(
            "STORE_URL",
            "where checkpoints and files are kept, as s3://bucket/prefix or file:///folder",
        )
    if not reader.required("CALLBACK_URL", "the address of the web app's webhook"):
        reader.required("CALLBACK_TOKEN", "the token that the webhook expects")
    return settings, read_request(reader, allow_http=settings.allow_http_git)


def read_request(reader: EnvironmentReader, *, allow_http: bool) -> Identity:
    """Read a job from the environment (job mode); the caller calls `reader.finish()`."""
    job_id = reader.required("JOB_ID", "the job's name")
    repository = reader.required(
        "REPOSITORY_URL", "the repository, as https://host/path or owner/name"
    )
    branch = reader.text("BRANCH", DEFAULT_BRANCH) or DEFAULT_BRANCH
    if job_id:
        reader.checked("JOB_ID", job_id, job_id_fault)
    if repository and (fault := repository_fault(repository, allow_http=allow_http)):
        reader.faults.append(
            f"REPOSITORY_URL is {without_credentials(repository)!r}: {fault}"
        )
    reader.checked("BRANCH", branch, branch_fault)
    check_trust(reader, repository)
    return Identity(job_id=job_id, repository=repository, branch=branch)


def check_trust(reader: EnvironmentReader, repository: str) -> None:
    """Check the certificates that git is given for a repository's host, if it is asked over TLS."""
    if full_url(repository).lower().startswith("https:") and not reader.text(
        "GIT_SSL_CAINFO"
    ):
        reader.certificates("SSL_CERT_FILE")
