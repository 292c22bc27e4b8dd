"""The file of a batch: the repositories to process, and the ids of their jobs."""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from worker.errors import UsageError
from worker.job_request import (
    REPOSITORY_MEANING,
    Field,
    derived_job_id,
    expanded,
    fault_lines,
    is_folder,
)

_NAMES: Final = {
    Field.REPOSITORY: "repository",
    Field.BRANCH: "branch",
    Field.JOB_ID: "jobId",
    Field.UPDATE_FROM: "updateFrom",
}
_ENTRY: Final = "{repository, branch?, jobId?, updateFrom?}"


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchJob:
    """One job of a batch."""

    job_id: str
    repository: str
    branch: str | None
    """None if the file names none."""
    update_from: str | None = None
    """The earlier job that it updates."""


class _Loader(yaml.SafeLoader):
    """Refuses an entry that has a field twice, where yaml would use the last."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - as inherited
    ) -> dict[Hashable, Any]:
        names = set[object]()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in names:
                raise yaml.MarkedYAMLError(
                    problem=f"an entry has {key.value!r} twice: begin each entry with `- `",
                    problem_mark=key.start_mark,
                )
            names.add(key.value)
        return super().construct_mapping(node, deep)


def read_entries(
    file: Path, *, local: bool, allow_http: bool
) -> list[BatchJob]:
    """Read a list of `{repository, branch?, jobId?, updateFrom?}`.

    Raise UsageError with every fault.
    With `local`, a repository may also be a folder on this machine.
    """
    entries = _load(file)
    rules = _Rules(local=local, allow_http=allow_http)
    faults: list[str] = []
    for number, entry in enumerate(entries, 1):
        place = f"{file}, entry {number}"
        for fault in rules.faults(entry):
            placed = f"{place}: {fault}"
            faults.append(placed)
    if faults:
        raise UsageError("\n".join(faults))
    jobs = [_job(entry, local=local) for entry in entries]
    _refuse_repetitions(file, jobs)
    return jobs


def _load(file: Path) -> list[Any]:
    try:
        # The loader is yaml's safe one.
        entries = yaml.load(file.read_bytes(), _Loader)  # noqa: S506
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{file} is not YAML: {reason}") from error
    if not isinstance(entries, list) or not entries:
        raise UsageError(
            f"{file} must be a list of {_ENTRY} with at least one entry"
        )
    return entries


def _refuse_repetitions(file: Path, jobs: list[BatchJob]) -> None:
    """Raise UsageError if entries are the same job."""
    counts = Counter(job.job_id for job in jobs)
    faults = []
    for job_id, count in counts.items():
        if count > 1:
            fault = f"{file}: {count} entries are job {job_id}: keep one"
            faults.append(fault)
    if faults:
        raise UsageError("\n".join(faults))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    local: bool
    allow_http: bool

    def faults(self, entry: Any) -> Iterator[str]:  # noqa: ANN401 - any value of YAML
        if not isinstance(entry, dict):
            kind = type(entry).__name__
            yield f"it must be {_ENTRY}, not {kind}"
            return
        names = _NAMES.values()
        unknown = [str(name) for name in entry if name not in names]
        if unknown:
            fields = ", ".join(unknown)
            yield f"it has unknown fields: {fields}"
        wrong = []
        for name in names:
            text = entry.get(name, "")
            if not isinstance(text, str):
                wrong.append(name)
        if wrong:
            fields = ", ".join(wrong)
            yield f"{fields} must be strings (in quotes, if they look like numbers)"
            return
        yield from self._request_faults(entry)

    def _request_faults(self, entry: dict[str, str]) -> Iterator[str]:
        request = {}
        for field, name in _NAMES.items():
            if name in entry:
                request[field] = entry[name]
        repository = request.get(Field.REPOSITORY, "")
        if not repository:
            yield f"repository is missing: set it to {REPOSITORY_MEANING}"
            request.pop(Field.REPOSITORY, None)
        elif self.local and is_folder(repository):
            if Field.BRANCH in request:
                yield "branch requires a URL: a folder's HEAD or its files are taken"
            del request[Field.REPOSITORY]
        yield from fault_lines(request, _NAMES, allow_http=self.allow_http)


def _job(entry: dict[str, str], *, local: bool) -> BatchJob:
    repository = entry["repository"]
    branch = entry.get("branch")
    if local and is_folder(repository):
        folder = expanded(Path(repository))
        repository = str(folder.resolve())
    job_id = entry.get("jobId")
    update_from = entry.get("updateFrom")
    if job_id is None:
        # An update is a job of its own.
        follows = []
        if update_from:
            follows = [update_from]
        job_id = derived_job_id(repository, branch or "", *follows)
    return BatchJob(
        job_id=job_id,
        repository=repository,
        branch=branch,
        update_from=update_from,
    )
