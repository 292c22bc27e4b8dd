"""A scratch repository: objects come into it, or are lent to it, and files come out as they were put in."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.errors import DataError, TemporaryError, WorkerError
from worker.source.files import UNUSABLE, has_content, is_too_long, log_left_out
from worker.source.git_program import Git, GitOptions
from worker.source.host_answer import reason
from worker.source.limits import SourceLimits
from worker.system.disk import disk_error, on_disk
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
"""For `info/attributes`, which goes before any `.gitattributes` in the repository."""


@dataclass(frozen=True, slots=True)
class _File:
    """A regular file of a commit."""

    mode: bytes
    id: bytes
    size: int
    name: str


def is_commit(text: str) -> bool:
    """Tell whether a text is the full name of a commit, in SHA-1 or SHA-256."""
    return _COMMIT.fullmatch(text) is not None


class ScratchRepository:
    """A repository of our own, in a scratch folder that is there already."""

    def __init__(
        self,
        git: Git,
        folder: Path,
        name: str,
        limits: SourceLimits,
        objects: Path | None = None,
    ) -> None:
        """Take what errors call it, and where its objects are, if they are another repository's."""
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
        variables: Mapping[str, str] | None = None,
        data: bytes | None = None,
        max_output: int = 1 << 20,
    ) -> bytes:
        """Run a command that works on this machine only; return what it prints.

        It reads `data`. Raises what its failure means.
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
        """Make it, for objects that are named as that commit is."""
        format_ = "sha1" if len(commit) == _SHA1_LENGTH else "sha256"
        self.do(
            "init",
            "--quiet",
            "--template=",
            "--initial-branch=none",
            f"--object-format={format_}",
        )
        if self._objects is not None:
            self._variables["GIT_OBJECT_DIRECTORY"] = str(self._objects)

    def commit_of(self, name: str) -> str | None:
        """Return the commit that a name stands for, or None if there is none."""
        options = GitOptions(variables=self._variables)
        finished = self._git.run(
            self.folder,
            ("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}"),
            options,
        )
        if finished.code > 1:
            raise self._failure("rev-parse", finished)
        found = finished.stdout.decode("ascii", "replace").strip()
        return found if finished.code == 0 and is_commit(found) else None

    def materialize(self, commit: str, tree: Path) -> None:
        """Fill an empty folder with the regular files of a commit that can lie there."""
        files = self._survey(commit)
        info = self.git_dir / "info"
        with on_disk(info):
            info.mkdir(exist_ok=True)
            (info / "attributes").write_text(_AS_THEY_ARE, encoding="ascii")
        refused: list[str] = []
        while (failure := self._write(files, tree)) is not None:
            unusable = {
                file.name for file in files if _is_unusable(tree, file.name)
            }
            # guard: a file that no folder takes is left out
            if not unusable:
                raise failure
            refused += sorted(unusable)
            files = [file for file in files if file.name not in unusable]
        log_left_out(refused, "this file system takes no file of that name")

    def _survey(self, commit: str) -> list[_File]:
        """Check the limits, and return the regular files, as far as any file system could take them."""
        arguments = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        listing = self.do(*arguments, max_output=_MAX_LISTING)
        entries = [
            match
            for line in listing.split(b"\0")
            if (match := _ENTRY.fullmatch(line))
        ]
        files = [
            _file(match)
            for match in entries
            if match["mode"].startswith(b"100")
        ]
        number = (
            len(entries)
            if len(listing) < _MAX_LISTING
            else self._limits.files + 1
        )
        sizes = [(file.name, file.size) for file in files]
        self._limits.check(
            self._name,
            size=sum(file.size for file in files),
            files=number,
            file_sizes=sizes,
        )
        if not has_content(file.name for file in files):
            others = (
                "nothing but submodules and links, which are not read"
                if entries
                else "no file"
            )
            raise DataError(
                f"{self._name}: the repository holds {others}: give a repository with files of its own",
                code="repository_empty",
            )
        log_left_out(
            [file.name for file in files if is_too_long(file.name)],
            "the path is too long",
        )
        return [file for file in files if not is_too_long(file.name)]

    def _write(self, files: list[_File], tree: Path) -> WorkerError | None:
        """Write files to a folder by way of an index that holds nothing else; return what fails."""
        listed = (
            b"%b %b\t%b\0" % (file.mode, file.id, os.fsencode(file.name))
            for file in files
        )
        self.do("read-tree", "--empty")
        self.do("update-index", "-z", "--index-info", data=b"".join(listed))
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
        said = f"{self._name}: git {command} fails: {reason(finished.stderr)}"
        if finished.code >= _SIGNALED:
            return TemporaryError(said, code="git_failed")
        return DataError(said, code="repository_invalid")


def _file(entry: re.Match[bytes]) -> _File:
    # The size of a missing object is not known.
    size = int(entry["size"]) if entry["size"].isdigit() else 0
    return _File(entry["mode"], entry["id"], size, os.fsdecode(entry["name"]))


def _is_unusable(tree: Path, name: str) -> bool:
    """Tell whether a folder takes no file of that name; leave none behind."""
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
