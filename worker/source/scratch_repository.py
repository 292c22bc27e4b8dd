"""A scratch repository: fetches or borrows objects, and writes files as they were committed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.errors import DataError, TemporaryError, WorkerError
from worker.source.files import UNUSABLE, has_content, is_too_long, log_left_out
from worker.source.git_program import Git, GitOptions
from worker.source.host_answer import reason
from worker.source.limits import SourceLimits
from worker.system.disk import disk_error, on_disk
from worker.system.environment import Environment
from worker.system.process import Finished

_COMMIT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SHA1_LENGTH: Final = 40
_ENTRY: Final = re.compile(
    rb"(?P<mode>\d+) [a-z]+ (?P<id>[0-9a-f]+) +(?P<size>\d+|-|BAD)\t(?P<name>.+)",
    re.DOTALL,
)
_MAX_LISTING: Final = 64 * 1024 * 1024
_SIGNALED: Final = 129

_AS_THEY_ARE: Final = "* -text -ident -filter -working-tree-encoding\n"
"""For `info/attributes`, which overrides any `.gitattributes` in the repository."""


@dataclass(frozen=True, slots=True)
class _File:
    """A regular file of a commit."""

    mode: bytes
    id: bytes
    size: int
    name: str


def is_commit(text: str) -> bool:
    """Whether a text is the full name of a commit, in SHA-1 or SHA-256."""
    return _COMMIT.fullmatch(text) is not None


class ScratchRepository:
    """A repository of our own, in a scratch folder that exists already."""

    def __init__(
        self,
        git: Git,
        folder: Path,
        name: str,
        limits: SourceLimits,
        objects: Path | None = None,
    ) -> None:
        """Take its name for errors, and the folder of the objects that it borrows, if any."""
        self._git = git
        self._name = name
        self._limits = limits
        self._variables: dict[str, str] = {}
        self._objects = objects
        self.folder: Final = folder
        self.git_dir: Final = folder / "git"

    def do(
        self,
        *arguments: str,
        variables: Environment | None = None,
        data: bytes | None = None,
        max_output: int = 1 << 20,
    ) -> bytes:
        """Run a local command that reads `data`, and return its output.

        Raises the error that its failure means.
        """
        options = GitOptions(
            variables={**self._variables, **(variables or {})},
            timeout_seconds=self._limits.seconds,
            max_output=max_output,
            data=data,
        )
        finished = self._git.run(self.folder, arguments, options)
        if finished.code == 0:
            return finished.stdout
        raise self._failure(arguments[0], finished)

    def init(self, commit: str) -> None:
        """Create the repository, with the object format of the given commit."""
        object_format = "sha256"
        if len(commit) == _SHA1_LENGTH:
            object_format = "sha1"
        self.do(
            "init",
            "--quiet",
            "--template=",
            "--initial-branch=none",
            f"--object-format={object_format}",
        )
        if self._objects is not None:
            self._variables["GIT_OBJECT_DIRECTORY"] = str(self._objects)

    def commit_of(self, name: str) -> str | None:
        """Return the commit of a name, or None if there is none."""
        options = GitOptions(variables=self._variables)
        finished = self._git.run(
            self.folder,
            ("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"),
            options,
        )
        if finished.code > 1:
            raise self._failure("rev-parse", finished)
        commit = finished.stdout.decode("ascii", "replace").strip()
        if finished.code == 0 and is_commit(commit):
            return commit
        return None

    def materialize(self, commit: str, tree: Path) -> None:
        """Fill an empty folder with the regular files of a commit that it can store."""
        files = self._survey(commit)
        info = self.git_dir / "info"
        with on_disk(info):
            info.mkdir(exist_ok=True)
            (info / "attributes").write_text(_AS_THEY_ARE, encoding="ascii")
        refused: list[str] = []
        while (failure := self._write(files, tree)) is not None:
            unusable = set()
            for file in files:
                if _is_unusable(tree, file.name):
                    unusable.add(file.name)
            # guard: a file that no folder can hold is left out
            if not unusable:
                raise failure
            refused += sorted(unusable)
            files = [file for file in files if file.name not in unusable]
        log_left_out(
            refused, "this file system cannot store a file of that name"
        )

    def _survey(self, commit: str) -> list[_File]:
        """Check the limits, and return the regular files with usable paths."""
        arguments = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        listing = self.do(*arguments, max_output=_MAX_LISTING)
        entries = _entries(listing)
        files = list(map(_file, filter(_is_regular, entries)))
        number = len(entries)
        if len(listing) >= _MAX_LISTING:
            # The listing is cut off: it is longer than any that the limit allows.
            number = self._limits.files + 1
        self._limits.check(
            self._name,
            size=sum(file.size for file in files),
            files=number,
            file_sizes=[(file.name, file.size) for file in files],
        )
        if not has_content(file.name for file in files):
            raise self._empty(has_entries=bool(entries))
        usable = []
        too_long = []
        for file in files:
            if is_too_long(file.name):
                too_long.append(file.name)
            else:
                usable.append(file)
        log_left_out(too_long, "the path is too long")
        return usable

    def _empty(self, *, has_entries: bool) -> DataError:
        content = "no file"
        if has_entries:
            content = "nothing but submodules and links, which are not read"
        return DataError(
            f"{self._name}: the repository contains {content}: give a "
            "repository with files of its own",
            code="repository_empty",
        )

    def _write(self, files: list[_File], tree: Path) -> WorkerError | None:
        """Write files to a folder, by an index that lists only them; return the failure."""
        lines = []
        for file in files:
            name = os.fsencode(file.name)
            lines.append(b"%b %b\t%b\0" % (file.mode, file.id, name))
        self.do("read-tree", "--empty")
        self.do("update-index", "-z", "--index-info", data=b"".join(lines))
        try:
            self.do(
                "checkout-index",
                "--all",
                "--force",
                variables={"GIT_WORK_TREE": str(tree)},
            )
        except DataError as error:
            return error
        return None

    def _failure(self, command: str, finished: Finished) -> WorkerError:
        message = (
            f"{self._name}: git {command} fails: {reason(finished.stderr)}"
        )
        if finished.code >= _SIGNALED:
            return TemporaryError(message, code="git_failed")
        return DataError(message, code="repository_invalid")


def _entries(listing: bytes) -> list[re.Match[bytes]]:
    matches = map(_ENTRY.fullmatch, listing.split(b"\0"))
    return [match for match in matches if match is not None]


def _is_regular(entry: re.Match[bytes]) -> bool:
    return entry["mode"].startswith(b"100")


def _file(entry: re.Match[bytes]) -> _File:
    size = 0
    # The size of a missing object is not known.
    if entry["size"].isdigit():
        size = int(entry["size"])
    return _File(
        mode=entry["mode"],
        id=entry["id"],
        size=size,
        name=os.fsdecode(entry["name"]),
    )


def _is_unusable(tree: Path, name: str) -> bool:
    """Whether a folder cannot store a file of that name; the probe is removed."""
    path = tree / name
    if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a name is too long
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.unlink()
    except OSError as error:
        if error.errno in UNUSABLE:
            return True
        raise disk_error(error, path.parent) from error
    return False
