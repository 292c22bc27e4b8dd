"""A git host, reached over HTTPS by the git program.

The token goes to the repository's own host only, by git's environment: it stands in no
argument list and in no file. Redirects are not followed by git, which would take the token
along, but looked at here: another path of the same host (a repository that was renamed, or
whose address lacks `.git`) is taken, anything else is an error that names it.
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
from worker.errors import DataError
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
_FETCH: Final = (
    *("fetch", "--quiet", "--depth=1", "--no-tags"),
    *(
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--no-write-fetch-head",
    ),
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
        """Take the repository's URL or `owner/name`."""
        self._git = git
        self._limits = limits
        self._secrets: tuple[str, ...] = ()
        self._header: dict[str, str] = {}
        self.address = full_url(repository)
        if token is not None:
            basic = base64.b64encode(
                f"x-access-token:{token.reveal()}".encode()
            ).decode("ascii")
            self._secrets = (token.reveal(), basic)
            parts = urlsplit(self.address)
            self._header = {
                f"http.{parts.scheme}://{parts.netloc}/.extraHeader": f"Authorization: Basic {basic}"
            }

    def refs(
        self, folder: Path, *patterns: str
    ) -> tuple[dict[str, str], str | None]:
        """Return the commits of refs (or of all branches and tags), and HEAD's branch."""
        options = ("--symref",) if patterns else ("--heads", "--tags", "--refs")
        finished = self._ask(
            folder, ("ls-remote", *options), patterns, GitOptions()
        )
        answer = read_answer(finished.stderr, self._secrets)
        if finished.code != 0:
            raise UnavailableError(
                f"{self.address}: the git host refuses: {answer.reason}"
            )
        if not answer.is_git:  # git takes an empty page for an empty repository
            raise failure(answer, self.address, has_token=bool(self._secrets))
        lines = finished.stdout.decode("utf-8", "replace").splitlines()
        pairs = [
            (name, value)
            for value, tab, name in (line.partition("\t") for line in lines)
            if tab
        ]
        heads = [
            value.removeprefix("ref: ").removeprefix(BRANCHES)
            for name, value in pairs
            if name == "HEAD"
        ]
        head = next((name for name in heads if not is_commit(name)), None)
        return {name: value for name, value in pairs if is_commit(value)}, head

    def fetch(self, folder: Path, name: str, target: str) -> bool:
        """Fetch a commit or ref without history, as `target`.

        False if it is refused.
        """

        def watch() -> None:
            self._limits.check(self.address, size=_size(folder))

        options = GitOptions(timeout_seconds=self._limits.seconds, watch=watch)
        return (
            self._ask(folder, _FETCH, (f"+{name}:{target}",), options).code == 0
        )

    def _ask(
        self,
        folder: Path,
        command: tuple[str, ...],
        names: tuple[str, ...],
        options: GitOptions,
    ) -> Finished:
        """Ask the host, at the repository's present address.

        Raise what a failure means, unless it is a refusal.
        """
        for _ in range(_MAX_MOVES):
            variables = {
                **TRACE,
                "GIT_ALLOW_PROTOCOL": urlsplit(self.address).scheme,
            }
            finished = self._git.run(
                folder,
                (*command, "--", self.address, *names),
                replace(options, config=self._header, variables=variables),
            )
            if finished.code == 0 or any(
                refusal in finished.stderr for refusal in _REFUSALS
            ):
                return finished
            self._follow(read_answer(finished.stderr, self._secrets))
        raise DataError(
            f"{self.address}: the git host redirects in a loop",
            code="repository_moved",
        )

    def _follow(self, answer: HostAnswer) -> None:
        moved = answer.moved(self.address)
        if (
            moved is None
            or _origin(moved) != _origin(self.address)
            or repository_fault(moved, allow_http=True)
        ):
            raise failure(answer, self.address, has_token=bool(self._secrets))
        LOG.info(
            "the repository has another address", extra={"repository": moved}
        )
        self.address = moved


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.lower()


def _size(folder: Path) -> int:
    """Return the size of all files below a folder; some may be vanishing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += (Path(place) / name).stat().st_size
    return total
