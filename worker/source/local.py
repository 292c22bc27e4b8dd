"""A folder on this machine as a source: a repository's HEAD commit, or plain files.

A repository is read through a scratch repository that borrows its objects. In the repository
itself, git only looks up HEAD: its configuration, filters, hooks and monitors have no effect.
"""

import logging
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from worker.errors import DataError, WorkerError
from worker.source.folder import FolderSource
from worker.source.git_program import Git, GitOptions
from worker.source.host_answer import reason
from worker.source.limits import SourceLimits
from worker.source.port import Revision, Source
from worker.source.scratch_repository import ScratchRepository
from worker.system.disk import on_disk

LOG = logging.getLogger(__name__)

_BARE: Final = ("HEAD", "objects", "refs")
_NO_BRANCH: Final = "HEAD"
_NAMED: Final = 5
_STATUS: Final = (
    "status",
    "--porcelain",
    "-z",
    "--no-renames",
    "--ignore-submodules=all",
    "--untracked-files=normal",
)


def open_local(
    git: Git, path: Path, limits: SourceLimits | None = None
) -> Source:
    """Return a folder as a source, or raise DataError if it is not usable."""
    path = path.absolute()

    def unreadable(error: OSError) -> DataError:
        fault = f"cannot be read ({error.strerror})"
        return _unusable(path, fault, code="repository_unreadable")

    with on_disk(path, unreadable):
        return _open(git, path, limits or SourceLimits())


def _open(git: Git, path: Path, limits: SourceLimits) -> Source:
    if not path.is_dir():
        fault = "does not exist"
        if path.exists():
            fault = "is not a folder"
        raise _unusable(path, fault, code="repository_not_found")
    if (path / ".git").exists():
        return LocalSource(git, path, path / ".git", limits)
    if all((path / name).exists() for name in _BARE):
        return LocalSource(git, path, path, limits)
    return FolderSource(path, limits)


def _unusable(path: Path, fault: str, *, code: str) -> DataError:
    advice = "give a folder, or a repository's URL"
    return DataError(f"{path} {fault}: {advice}", code=code)


class LocalSource:
    """A repository on this machine, with a work tree or bare."""

    def __init__(
        self, git: Git, path: Path, git_dir: Path, limits: SourceLimits
    ) -> None:
        self._git = git
        self._path = path
        self._git_dir = git_dir
        self._limits = limits
        self._warned = False

    def resolve(self) -> Revision:
        """Return the commit of HEAD, and warn once about uncommitted changes."""
        with self._git.folder() as folder:
            branch = self._look_up(
                folder, "symbolic-ref", "--quiet", "--short", "HEAD"
            )
            commit = self._look_up(
                folder, "rev-parse", "--quiet", "--verify", "HEAD^{commit}"
            )
            if not commit:
                raise DataError(
                    f"{self._path}: there is no commit on {branch or 'HEAD'}",
                    code="repository_empty",
                )
            if self._git_dir != self._path and not self._warned:
                self._warned = True
                self._warn_of_changes(self._borrow(folder, commit), commit)
        return Revision(commit=commit, branch=branch or _NO_BRANCH)

    def checkout(self, commit: str | None, tree: Path) -> str:
        wanted = commit or self.resolve().commit
        with self._git.folder() as folder:
            repository = self._borrow(folder, wanted)
            if repository.commit_of(wanted) != wanted:
                raise DataError(
                    f"{self._path}: it no longer has commit {wanted}",
                    code="commit_not_found",
                )
            repository.materialize(wanted, tree)
        return wanted

    def _look_up(self, folder: Path, *arguments: str) -> str:
        """Run git in the repository; return nothing if the object does not exist."""
        finished = self._git.run(
            folder,
            arguments,
            GitOptions(variables={"GIT_DIR": str(self._git_dir)}),
        )
        if finished.code > 1:
            raise DataError(
                f"{self._path}: git cannot read the repository: {reason(finished.stderr)}",
                code="repository_invalid",
            )
        return finished.stdout.decode("utf-8", "surrogateescape").removesuffix(
            "\n"
        )

    def _borrow(self, folder: Path, commit: str) -> ScratchRepository:
        objects = Path(
            self._look_up(folder, "rev-parse", "--git-path", "objects")
        )
        repository = ScratchRepository(
            self._git, folder, str(self._path), self._limits, objects
        )
        repository.init(commit)
        return repository

    def _warn_of_changes(
        self, repository: ScratchRepository, commit: str
    ) -> None:
        try:
            changes = self._changes(repository, commit)
        except (WorkerError, OSError) as error:
            LOG.warning(
                "cannot tell whether there are uncommitted changes",
                extra={"reason": str(error)},
            )
            return
        if changes:
            extra = {
                "changes": len(changes),
                "first": changes[:_NAMED],
                "commit": commit,
            }
            LOG.warning(
                "uncommitted changes are not part of the course", extra=extra
            )

    def _changes(self, repository: ScratchRepository, commit: str) -> list[str]:
        """Compare the work tree with a commit, using a copy of the index."""
        git_dir = repository.git_dir
        (git_dir / "HEAD").write_text(f"{commit}\n", encoding="ascii")
        (git_dir / "info").mkdir(exist_ok=True)
        for name in ("index", "info/exclude"):
            place = Path(
                self._look_up(
                    repository.folder, "rev-parse", "--git-path", name
                )
            )
            for file in (place, *place.parent.glob(f"shared{name}.*")):
                with suppress(FileNotFoundError):
                    # copy2 keeps the modification time, which the index depends on.
                    shutil.copy2(file, (git_dir / name).with_name(file.name))
        listing = repository.do(
            *_STATUS, variables={"GIT_WORK_TREE": str(self._path)}
        )
        paths = []
        for line in listing.split(b"\0"):
            if line:
                path = line[3:].decode("utf-8", "replace")
                paths.append(path)
        return paths
