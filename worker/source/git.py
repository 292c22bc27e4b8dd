"""A repository on a git host: one commit, fetched without history; nothing is executed."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from states.repository_url import repository_fault
from worker.errors import ConfigError, DataError
from worker.settings.reader import Secret
from worker.source.git_host import BRANCHES, GitHost
from worker.source.git_program import Git
from worker.source.host_answer import UnavailableError
from worker.source.limits import SourceLimits
from worker.source.port import Revision
from worker.source.scratch_repository import ScratchRepository, is_commit
from worker.system.retry import Policy, Retrier

LOG = logging.getLogger(__name__)

Result = TypeVar("Result")

POLICY: Final = Policy(
    on=(UnavailableError,), give_up_seconds=30, attempts=3, first=2
)
"""How requests to an unavailable host are retried; the whole stage is retried as well."""

_FETCHED: Final = "refs/worker/fetched"
_TAGS: Final = "refs/tags/"
_HEAD: Final = "HEAD"
_NAMED: Final = 5


class RemoteRef(NamedTuple):
    """A branch or tag on the host; `ref` is its full name."""

    ref: str
    revision: Revision


class GitSource:
    """The source behind a URL."""

    def __init__(
        self,
        git: Git,
        repository: str,
        branch: str | None,
        token: Secret | None = None,
        *,
        allow_http: bool = False,
        limits: SourceLimits | None = None,
    ) -> None:
        """Take a URL or `owner/name`, and a branch or tag (None: HEAD); may raise ConfigError."""
        fault = repository_fault(repository, allow_http=allow_http)
        if fault:
            raise ConfigError(
                f"the repository's address is not usable: {fault}"
            )
        self._git = git
        self._branch = branch
        self._limits = limits or SourceLimits()
        self._host = GitHost(git, repository, token, self._limits)
        self._retrier = Retrier(git.runtime, git.stop)

    def resolve(self) -> Revision:
        with self._git.folder() as folder:
            return self._retry(lambda: self._tip(folder)).revision

    def checkout(self, commit: str | None, tree: Path) -> str:
        if commit is not None and not is_commit(commit):
            raise self._gone(f"{commit!r} is not the full name of a commit")
        with self._git.folder() as folder:
            repository = ScratchRepository(
                self._git, folder, self._host.address, self._limits
            )
            fetched = self._retry(lambda: self._fetch(repository, commit))
            repository.materialize(fetched, tree)
        return fetched

    def _retry(self, work: Callable[[], Result]) -> Result:
        return self._retrier.call(work, POLICY, on_retry=_log_retry)

    def _fetch(self, repository: ScratchRepository, pinned: str | None) -> str:
        """Fetch a commit by its name, or by its branch if the host refuses that."""
        folder = repository.folder
        commit = pinned or self._tip(folder).revision.commit
        LOG.info(
            "fetching",
            extra={"repository": self._host.address, "commit": commit},
        )
        repository.init(commit)
        if not self._host.fetch(folder, commit, _FETCHED):
            self._fetch_branch(folder, commit)
        if repository.commit_of(_FETCHED) != commit:
            raise self._gone(
                f"{self._branch or commit} is not the name of a commit, or is "
                "being moved right now"
            )
        return commit

    def _fetch_branch(self, folder: Path, commit: str) -> None:
        """Fetch the branch if it still points to a commit, or raise DataError."""
        tip = self._tip(folder)
        present = tip.revision
        is_current = present.commit == commit
        if is_current and self._host.fetch(folder, tip.ref, _FETCHED):
            return
        raise self._gone(
            f"the host no longer offers commit {commit}, and {present.branch} "
            f"is now at {present.commit}: start a new job for that commit"
        )

    def _gone(self, fault: str) -> DataError:
        message = f"{self._host.address}: {fault}"
        return DataError(message, code="commit_not_found")

    def _tip(self, folder: Path) -> RemoteRef:
        """Return what the branch or tag points to; raise DataError if there is none."""
        branch = self._branch
        names = [_HEAD]
        if branch is not None:
            names = [f"{BRANCHES}{branch}", f"{_TAGS}{branch}"]
        peeled_names = [_peeled(name) for name in names]
        refs, head = self._host.refs(folder, *names, *peeled_names)
        for name in names:
            if name in refs:
                peeled = _peeled(name)
                revision = Revision(
                    commit=refs.get(peeled, refs[name]),
                    branch=branch or head or _HEAD,
                )
                return RemoteRef(ref=name, revision=revision)
        raise self._missing(folder)

    def _missing(self, folder: Path) -> DataError:
        refs, _ = self._host.refs(folder)
        if not refs:
            return DataError(
                f"{self._host.address}: the repository is empty",
                code="repository_empty",
            )
        names = []
        for ref in refs:
            name = ref.removeprefix(BRANCHES).removeprefix(_TAGS)
            names.append(name)
        present = ", ".join(names[:_NAMED])
        if len(names) > _NAMED:
            present += " and others"
        fault = "its default branch has no commit yet"
        if self._branch:
            fault = f"it has no branch or tag {self._branch}"
        return DataError(
            f"{self._host.address}: {fault}; there is {present}",
            code="branch_not_found",
        )


def _peeled(ref: str) -> str:
    """Return git's name for the commit that an annotated tag points to."""
    return f"{ref}^{{}}"


def _log_retry(error: str) -> None:
    LOG.warning("git host failed, retrying", extra={"error": error})
