"""A git host, reached over HTTPS by the git program.

The token goes to the repository's own host only. Git gets it through its environment: it appears in
no argument list and no file. Git does not follow redirects, because it would send the token along.
They are handled here: another path of the same host (a repository that was renamed, or whose
address lacks `.git`) is used, and any other target is an error that names it.
"""

import base64
import logging
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from states.repository_url import full_url, repository_fault
from worker.errors import DataError, WorkerError
from worker.settings.reader import Secret
from worker.source.git_program import Git, GitOptions
from worker.source.host_answer import (
    TRACE,
    HostAnswer,
    UnavailableError,
    failure,
    read_answer,
)
from worker.source.limits import SourceLimits
from worker.source.scratch_repository import is_commit
from worker.system.process import Finished

LOG = logging.getLogger(__name__)

BRANCHES: Final = "refs/heads/"

_MAX_MOVES: Final = 3
_REFUSALS: Final = (b"remote error: ", b"unadvertised object")
"""Messages of git when a host answers, but refuses the requested object."""
_LIST_ALL: Final[tuple[str, ...]] = (
    "ls-remote",
    "--heads",
    "--tags",
    "--refs",
)
_LIST_NAMED: Final = ("ls-remote", "--symref")
_FETCH: Final = (
    "fetch",
    "--quiet",
    "--depth=1",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--no-write-fetch-head",
)


class GitHost:
    """The host of one repository."""

    def __init__(
        self,
        git: Git,
        repository: str,
        token: Secret | None,
        limits: SourceLimits,
    ) -> None:
        self._git = git
        self._limits = limits
        self._secrets: tuple[str, ...] = ()
        self._header: dict[str, str] = {}
        self.address = full_url(repository)
        if token is not None:
            self._use_token(token.reveal())

    def _use_token(self, token: str) -> None:
        credentials = f"x-access-token:{token}".encode()
        basic = base64.b64encode(credentials).decode("ascii")
        self._secrets = (token, basic)
        parts = urlsplit(self.address)
        option = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
        self._header = {option: f"Authorization: Basic {basic}"}

    def refs(
        self, folder: Path, *patterns: str
    ) -> tuple[dict[str, str], str | None]:
        """Return the commits of refs (or of all branches and tags), and the branch of HEAD."""
        command = _LIST_ALL
        if patterns:
            command = _LIST_NAMED
        finished = self._ask(folder, command, patterns, GitOptions())
        answer = read_answer(finished.stderr, self._secrets)
        if finished.code != 0:
            raise UnavailableError(
                f"{self.address}: the git host refuses the request: "
                f"{answer.reason}"
            )
        # Git mistakes an empty web page for an empty repository.
        if not answer.is_git:
            raise self._failure(answer)
        return _read_refs(finished.stdout.decode("utf-8", "replace"))

    def fetch(self, folder: Path, name: str, target: str) -> bool:
        """Fetch a commit or ref without history, as `target`; return False if it is refused."""

        def watch() -> None:
            self._limits.check(self.address, size=_size(folder))

        options = GitOptions(timeout_seconds=self._limits.seconds, watch=watch)
        refspec = f"+{name}:{target}"
        finished = self._ask(folder, _FETCH, (refspec,), options)
        return finished.code == 0

    def _ask(
        self,
        folder: Path,
        command: tuple[str, ...],
        names: tuple[str, ...],
        options: GitOptions,
    ) -> Finished:
        """Run a git command on the host, at the repository's current address.

        A refusal is returned; any other failure is raised.
        """
        for _ in range(_MAX_MOVES):
            scheme = urlsplit(self.address).scheme
            options = replace(
                options,
                config=self._header,
                variables={**TRACE, "GIT_ALLOW_PROTOCOL": scheme},
            )
            arguments = (*command, "--", self.address, *names)
            finished = self._git.run(folder, arguments, options)
            if finished.code == 0 or _is_refusal(finished):
                return finished
            self._follow(read_answer(finished.stderr, self._secrets))
        raise DataError(
            f"{self.address}: the git host redirects in a loop",
            code="repository_moved",
        )

    def _follow(self, answer: HostAnswer) -> None:
        """Use the new address of a repository that has moved, or raise what the answer means."""
        moved = answer.moved(self.address)
        if moved is None or not self._may_follow(moved):
            raise self._failure(answer)
        LOG.info(
            "the repository has moved to another address",
            extra={"repository": moved},
        )
        self.address = moved

    def _may_follow(self, moved: str) -> bool:
        if _origin(moved) != _origin(self.address):
            return False
        return repository_fault(moved, allow_http=True) is None

    def _failure(self, answer: HostAnswer) -> WorkerError:
        has_token = bool(self._secrets)
        return failure(answer, self.address, has_token=has_token)


def _read_refs(listing: str) -> tuple[dict[str, str], str | None]:
    """Return the commits of the refs in a listing, and the branch that HEAD points to."""
    commits = dict[str, str]()
    head = None
    for line in listing.splitlines():
        value, tab, name = line.partition("\t")
        if not tab:
            continue
        if is_commit(value):
            commits[name] = value
        elif name == "HEAD" and head is None:
            branch = value.removeprefix("ref: ").removeprefix(BRANCHES)
            if not is_commit(branch):
                head = branch
    return commits, head


def _is_refusal(finished: Finished) -> bool:
    return any(refusal in finished.stderr for refusal in _REFUSALS)


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.lower()


def _size(folder: Path) -> int:
    """Return the size of all files below a folder; files may disappear meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent) / name
            with suppress(FileNotFoundError):
                total += file.stat().st_size
    return total
