"""Objects in a local folder, with the guarantees of an object store.

An object is written to a temporary file and flushed to the disk before it gets its name:
by link(2), which fails if the name is taken, or by rename(2), which replaces the old object.
So a kill leaves a whole object or none, and at worst a temporary file, which is removed when
it is an hour old. Times are the file system's.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Final, TypeVar

from worker.errors import (
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreUnavailableError,
)
from worker.store.port import ObjectEntry, ObjectHead
from worker.system.disk import PASSING

TEMPORARY: Final = "~tmp"
"""The folder of temporary files; no job can have this name."""
STALE_SECONDS: Final = 3600
"""The age at which a temporary file belongs to a dead process."""
_RELATIVE: Final = {"", ".", ".."}
_TRIES: Final = 100
_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
_ABSENT: Final = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}

Result = TypeVar("Result")


class FolderStore:
    """Objects as files: a key is a path below the folder. Symbolic links are ignored."""

    def __init__(self, root: Path) -> None:
        """Take the folder; the first write creates it."""
        if ".." in root.parts:
            # `x/..` may not name the same folder once `x` exists.
            root = root.resolve()
        self._root = root.absolute()
        self._temporary = self._root / TEMPORARY
        self._swept = False
        self.url = self._root.as_uri()

    # Files have no media types, and access to them does not expire.
    def create(self, key: str, body: bytes, media_type: str) -> float:  # noqa: ARG002
        """Store an object under a key that has none yet; return the file system's time."""
        path = self._path(key)
        source = BytesIO(body)
        with _translating(path), self._written(source) as written:
            now = written.stat().st_mtime
            try:
                # guard: create-only PUT: in folders
                _name(os.link, written, path)
            except FileExistsError:
                raise ExistsError(f"{path} exists") from None
            return now

    def put(self, key: str, body: bytes | Path, media_type: str) -> float:  # noqa: ARG002
        """Store an object; return the file system's time."""
        path = self._path(key)
        source = _opened_body(body)
        with source, _translating(path), self._written(source) as written:
            now = written.stat().st_mtime
            _name(os.replace, written, path)
            return now

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source), "")

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with _translating(path), _opened(path) as file:
            return file.read()

    def download(self, key: str, path: Path) -> None:
        source = self._path(key)
        with _opened(source) as file, path.open("wb") as copy:
            shutil.copyfileobj(file, copy)

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age, by the time of a new temporary file."""
        path = self._path(key)
        with _translating(path), _opened(path) as file:
            status = os.fstat(file.fileno())
            make_file = partial(tempfile.TemporaryFile, dir=self._temporary)
            with _within(self._temporary, make_file) as new_file:
                now = os.fstat(new_file.fileno()).st_mtime
        return ObjectHead(
            size=status.st_size, modified=status.st_mtime, now=now
        )

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield objects, folder by folder; only folders that can contain some are read."""
        folder = prefix.rpartition("/")[0]
        if folder:
            self._path(folder)
            folder += "/"
        return islice(self._walk(folder, prefix, start_after), limit)

    def delete(self, keys: list[str]) -> None:
        """Delete objects, and the folders that become empty."""
        paths = [self._path(key) for key in keys]
        for path in paths:
            _delete(path)
        for folder in {path.parent for path in paths}:
            self._prune(folder)

    def sign(self, key: str, expires_seconds: int) -> str:  # noqa: ARG002
        return self.uri(key)

    def uri(self, key: str) -> str:
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        segments = key.split("/")
        is_usable = _RELATIVE.isdisjoint(segments)
        if not is_usable or segments[0] == TEMPORARY:
            raise ValueError(f"{key!r} is not a key")
        return self._root / key

    @contextmanager
    def _written(self, source: IO[bytes]) -> Iterator[Path]:
        """Write a temporary file, and remove it afterwards."""
        make_file = partial(tempfile.mkstemp, dir=self._temporary)
        descriptor, name = _within(self._temporary, make_file)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                shutil.copyfileobj(source, file)
                file.flush()
                # guard: an object in a folder is on the disk before it has its name
                os.fsync(descriptor)
            self._sweep(path.stat().st_mtime)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _sweep(self, now: float) -> None:
        """Remove what killed processes left behind, once per process."""
        if self._swept:
            return
        self._swept = True
        for path in self._temporary.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < now - STALE_SECONDS:
                    path.unlink()

    def _prune(self, folder: Path) -> None:
        # An error, because the folder is not empty or already gone, ends the loop.
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    def _walk(
        self, folder: str, prefix: str, start_after: str
    ) -> Iterator[ObjectEntry]:
        """Yield the objects below a folder (whose name is empty or ends in `/`)."""
        entries = self._scan(folder)
        for key in sorted(entries):
            if key.endswith("/"):
                has_prefix = key.startswith(prefix) or prefix.startswith(key)
                is_after = key > start_after or start_after.startswith(key)
                if has_prefix and is_after:
                    yield from self._walk(key, prefix, start_after)
            elif key.startswith(prefix) and key > start_after:
                try:
                    status = entries[key].stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield ObjectEntry(
                    key=key,
                    size=status.st_size,
                    modified=status.st_mtime,
                )

    def _scan(self, folder: str) -> dict[str, "os.DirEntry[str]"]:
        """Return a folder's files and folders by key.

        A folder's key ends in `/`, so that it sorts like its content.
        """
        path = self._root / folder
        by_key = {}
        with (
            _translating(path),
            suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(path) as entries,
        ):
            for entry in entries:
                key = folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    by_key[f"{key}/"] = entry
                elif entry.is_file(follow_symlinks=False):
                    by_key[key] = entry
        by_key.pop(f"{TEMPORARY}/", None)
        return by_key


def _opened_body(body: bytes | Path) -> IO[bytes]:
    if isinstance(body, Path):
        return body.open("rb")
    return BytesIO(body)


def _delete(path: Path) -> None:
    with _translating(path):
        try:
            path.unlink()
        except OSError as error:
            if error.errno not in _ABSENT:
                raise


def _name(
    give: Callable[[Path, Path], None], written: Path, path: Path
) -> None:
    """Give a written file its name, durably."""
    _within(path.parent, partial(give, written, path))
    # The folder may be gone, if the object has been deleted already.
    with suppress(FileNotFoundError):
        # guard: the name of an object in a folder is on the disk before it is reported
        _flush(path.parent)


def _within(folder: Path, act: Callable[[], Result]) -> Result:
    """Act in a folder that may be missing, and that a `delete` may remove at any moment."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            return act()
        with suppress(FileNotFoundError):
            _make(folder)
    raise StoreUnavailableError(
        f"the folder {folder} was removed {_TRIES} times: find out what deletes it"
    )


def _make(folder: Path) -> None:
    """Make a folder and those that contain it, durably."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
        _flush(folder.parent)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _opened(path: Path) -> IO[bytes]:
    """Open an object's file, or raise MissingError."""
    with _translating(path):
        try:
            return open(path, "rb", opener=_without_links)
        except OSError as error:
            if error.errno in _ABSENT:
                raise MissingError(f"there is no {path}") from error
            raise


@contextmanager
def _translating(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"cannot use {path}: {error.strerror}"
        if error.errno in PASSING:
            raise StoreUnavailableError(
                f"{reason}; make room, or repair the disk"
            ) from error
        if error.errno in _NO_LINKS:
            reason += " (a file system without hard links cannot be a store)"
        raise StoreConfigError(
            f"{reason}; check STORE_URL and the folder's permissions"
        ) from error
