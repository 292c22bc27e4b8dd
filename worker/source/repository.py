"""A scratch repository: objects come into it, or are lent to it, and files come out as they were put in."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from worker.errors import NoInputError, TemporaryError, WorkerError
from worker.process import Finished
from worker.source.answer import reason
from worker.source.limits import Limits
from worker.source.program import Git, Options

_COMMIT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SHA1_LENGTH: Final = 40
_ENTRY: Final = re.compile(rb"(\d+) [a-z]+ [0-9a-f]+ +(\d+|-)\t(.+)", re.DOTALL)
_MAX_LISTING: Final = 64 * 1024 * 1024
_OUT_OF_SPACE: Final = b"No space left on device"
_SIGNALED: Final = 129

_AS_THEY_ARE: Final = "* -text -ident -filter -working-tree-encoding\n"
"""For `info/attributes`, which goes before any `.gitattributes` in the repository."""


def is_commit(text: str) -> bool:
    """Tell whether a text is the full name of a commit, in SHA-1 or SHA-256."""
    return _COMMIT.fullmatch(text) is not None


class ScratchRepository:
    """A repository of our own, in a scratch folder that is there already."""

    def __init__(self, git: Git, folder: Path, name: str, limits: Limits, objects: Path | None = None) -> None:
        """Take what errors call it, and where its objects are, if they are another repository's."""
        self._git = git
        self._name = name
        self._limits = limits
        self._variables: dict[str, str] = {}
        self._objects = objects
        self.folder: Final = folder
        self.git_dir: Final = folder / "git"

    def do(self, *arguments: str, variables: Mapping[str, str] | None = None, max_output: int = 1 << 20) -> bytes:
        """Run a command that works on this machine only; return what it prints, or raise what its failure means."""
        options = Options(
            variables={**self._variables, **(variables or {})},
            timeout_seconds=self._limits.seconds,
            max_output=max_output,
        )
        finished = self._git.run(self.folder, arguments, options)
        if finished.code == 0:
            return finished.stdout
        raise self._failure(arguments[0], finished)

    def init(self, commit: str) -> None:
        """Make it, for objects that are named as that commit is."""
        format_ = "sha1" if len(commit) == _SHA1_LENGTH else "sha256"
        self.do("init", "--quiet", "--template=", "--initial-branch=none", f"--object-format={format_}")
        if self._objects is not None:
            self._variables["GIT_OBJECT_DIRECTORY"] = str(self._objects)

    def commit_of(self, name: str) -> str | None:
        """Return the commit that a name stands for, or None if there is none."""
        options = Options(variables=self._variables)
        finished = self._git.run(self.folder, ("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"), options)
        if finished.code > 1:
            raise self._failure("rev-parse", finished)
        found = finished.stdout.decode("ascii", "replace").strip()
        return found if finished.code == 0 and is_commit(found) else None

    def materialize(self, commit: str, tree: Path) -> None:
        """Fill an empty folder with the regular files of a commit."""
        left_out = self._survey(commit)
        info = self.git_dir / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_AS_THEY_ARE, encoding="ascii")
        self.do("checkout", "--quiet", "--detach", "--force", commit, variables={"GIT_WORK_TREE": str(tree)})
        for path in left_out:
            with suppress(FileNotFoundError):
                path_in_tree = tree / os.fsdecode(path)
                path_in_tree.rmdir() if path_in_tree.is_dir() else path_in_tree.unlink()

    def _survey(self, commit: str) -> list[bytes]:
        """Check the limits, and return what is no regular file: symlinks (as files) and submodules (as folders)."""
        listing = self.do("ls-tree", "-r", "-l", "-z", "--full-tree", commit, max_output=_MAX_LISTING)
        entries = [match for line in listing.split(b"\0") if (match := _ENTRY.fullmatch(line))]
        files = len(entries) if len(listing) < _MAX_LISTING else self._limits.files + 1
        size = sum(int(match[2]) for match in entries if match[2] != b"-")
        self._limits.check(self._name, size=size, files=files)
        return [match[3] for match in entries if not match[1].startswith(b"100")]

    def _failure(self, command: str, finished: Finished) -> WorkerError:
        said = f"{self._name}: git {command} fails: {reason(finished.stderr)}"
        if finished.code >= _SIGNALED or _OUT_OF_SPACE in finished.stderr:
            return TemporaryError(said, code="git_failed")
        return NoInputError(said, code="repository_invalid")
