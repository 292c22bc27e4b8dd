"""The file of a batch: which repositories, and under which names."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from states.repository_url import branch_fault, repository_fault, without_credentials
from worker.errors import UsageError
from worker.job_request import derived_job_id, expanded, job_id_fault

_FIELDS: Final = ("repository", "branch", "jobId")


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchJob:
    """One job of a batch."""

    job_id: str
    repository: str
    branch: str | None
    """None where the file names none."""


def read_entries(file: Path, *, local: bool, allow_http: bool) -> list[BatchJob]:
    """Read a list of `{repository, branch?, jobId?}`; raise UsageError with all that is wrong with it.

    On this machine (`local`) a repository may also be a folder.
    """
    try:
        found = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{file} is not YAML: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(found, list) or not found:
        raise UsageError(
            f"{file} must be a list of {{repository, branch?, jobId?}}, with one entry at least"
        )
    rules = _Rules(local=local, allow_http=allow_http)
    faults = [
        f"{file}, entry {number}: {fault}"
        for number, one in enumerate(found, 1)
        for fault in rules.faults(one)
    ]
    entries = [] if faults else [_entry(one, local=local) for one in found]
    times = Counter(entry.job_id for entry in entries)
    faults += [
        f"{file}: {count} entries are job {job_id}: leave one"
        for job_id, count in times.items()
        if count > 1
    ]
    if faults:
        raise UsageError("\n".join(faults))
    return entries


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    local: bool
    allow_http: bool

    def faults(self, one: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
        """Say what is wrong with an entry."""
        if not isinstance(one, dict):
            yield f"it must be {{repository, branch?, jobId?}}, not {type(one).__name__}"
            return
        if unknown := [str(name) for name in one if name not in _FIELDS]:
            yield f"it has unknown fields: {', '.join(unknown)}"
        if wrong := [
            name for name in _FIELDS if name in one and not isinstance(one[name], str)
        ]:
            yield f"{', '.join(wrong)} must be texts (in quotes, if they look like numbers)"
            return
        yield from self._repository(one.get("repository", ""), one.get("branch"))
        if "branch" in one and (fault := branch_fault(one["branch"])):
            yield f"branch is {one['branch']!r}: {fault}"
        if "jobId" in one and (fault := job_id_fault(one["jobId"])):
            yield f"jobId is {one['jobId']!r}: {fault}"

    def _repository(self, repository: str, branch: str | None) -> Iterator[str]:
        if not repository:
            yield "repository is missing: name it, as https://host/path or owner/name"
        elif self.local and _folder(repository):
            if branch is not None:
                yield "branch goes with a URL: of a folder, its HEAD is taken, or what lies there"
        elif fault := repository_fault(repository, allow_http=self.allow_http):
            yield f"repository is {without_credentials(repository)!r}: {fault}"


def _folder(repository: str) -> bool:
    return repository.startswith((".", "/", "~")) or Path(repository).is_dir()


def _entry(one: dict[str, str], *, local: bool) -> BatchJob:
    repository, branch = one["repository"], one.get("branch")
    if local and _folder(repository):
        repository = str(expanded(Path(repository)).resolve())
    derived = derived_job_id(repository, branch or "")
    return BatchJob(
        job_id=one.get("jobId", derived), repository=repository, branch=branch
    )
