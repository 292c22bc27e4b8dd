"""Faults that only a store in a folder can have."""

import errno
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.writing import body_of
from worker.errors import (
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreUnavailableError,
)
from worker.store.folder import (
    STALE_SECONDS,
    TEMPORARY,
    FolderStore,
    _translating,
)
from worker.store.memory import MemoryStore

TEXT: Final = "text/plain"
ROOT: Final = Path(__file__).parents[3]
SEGMENTS: Final = st.text("a-.0 ~é\uffee🦀%", min_size=1, max_size=3).filter(
    lambda text: text not in {".", ".."}
)
KEYS: Final = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


def without_folders(keys: set[str]) -> list[str]:
    """Leave out keys that are folders of other keys: no file can have their names."""
    return [
        key
        for key in keys
        if not any(other.startswith(f"{key}/") for other in keys)
    ]


@settings(max_examples=60)
@given(
    keys=st.sets(KEYS, max_size=12).map(without_folders),
    prefix=KEYS,
    start_after=KEYS,
    limit=st.integers(1, 5),
)
def test_a_folder_lists_as_the_store_in_memory_does(
    keys: list[str], prefix: str, start_after: str, limit: int
) -> None:
    with TemporaryDirectory() as root:
        folder, memory = FolderStore(Path(root)), MemoryStore(lambda: 0.0)
        for key in keys:
            folder.create(key, b"", TEXT)
            memory.create(key, b"", TEXT)
        assert [entry.key for entry in folder.entries("")] == sorted(
            keys, key=lambda key: key.encode()
        )
        for begin in ("", prefix, prefix[:1], *keys):
            for after in ("", start_after, *keys):
                for most in (None, limit):
                    listed = [
                        entry.key
                        for entry in folder.entries(
                            begin, start_after=after, limit=most
                        )
                    ]
                    assert listed == [
                        entry.key
                        for entry in memory.entries(
                            begin, start_after=after, limit=most
                        )
                    ]


def test_a_killed_process_leaves_only_whole_objects(tmp_path: Path) -> None:
    store, finished, listed = (
        FolderStore(tmp_path / "store"),
        set[str](),
        set[str](),
    )
    for kill in range(30):
        argv = [
            sys.executable,
            "-m",
            "tests.support.writing",
            str(tmp_path / "store"),
            str(kill),
        ]
        with subprocess.Popen(
            argv, cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            finished.add(child.stdout.readline().strip())
            try:
                child.wait(secrets.randbelow(40) / 1000)
            except subprocess.TimeoutExpired:
                child.kill()
            finished.update(
                line for line in child.stdout.read().split("\n")[:-1]
            )
        listed = {entry.key for entry in store.entries("")}
        assert listed
        for key in listed:
            assert store.get(key) == body_of(key)
    deleted = {key for key in finished if int(key.rpartition("/")[2]) % 5 == 0}
    assert finished - deleted <= listed


@contextmanager
def flushes(path: Path) -> Iterator[list[bytes | None]]:
    """Record a file's content before each flush to the disk."""
    seen: list[bytes | None] = []

    def note(_frame: FrameType, event: str, function: object) -> None:
        if event == "c_call" and function is os.fsync:
            seen.append(path.read_bytes() if path.exists() else None)

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


def test_an_object_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_reported(
    tmp_path: Path,
) -> None:
    store, path = FolderStore(tmp_path), tmp_path / "a" / "object"
    store.put("a/other", b"", TEXT)
    with flushes(path) as seen:
        store.create("a/object", b"created", TEXT)
    assert seen == [None, b"created"]
    with flushes(path) as seen:
        store.put("a/object", b"put", TEXT)
    assert seen == [b"created", b"put"]


def test_new_folders_are_on_the_disk_before_an_object_has_its_name(
    tmp_path: Path,
) -> None:
    with flushes(tmp_path / "a" / "b" / "object") as seen:
        FolderStore(tmp_path).create("a/b/object", b"", TEXT)
    made = ["the folder of temporary files", "the content", "a", "a/b"]
    assert seen == [*(None for _ in made), b""]


def test_a_deletion_does_not_take_the_folder_from_under_a_creation(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "store")

    def use(thread: int) -> None:
        for number in range(150):
            key = f"a/b/c/{thread}-{number}"
            store.create(key, b"body", TEXT)
            assert store.get(key) == b"body"
            store.delete([key])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(4)))
    assert [path.name for path in (tmp_path / "store").iterdir()] == [TEMPORARY]


def test_nothing_temporary_is_left_or_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.create("job/a", b"1", TEXT)
    store.put("job/a", b"2", TEXT)
    with pytest.raises(ExistsError):
        store.create("job/a", b"3", TEXT)
    assert list((tmp_path / TEMPORARY).iterdir()) == []
    (tmp_path / TEMPORARY / "being-written").write_bytes(b"")
    assert [entry.key for entry in store.entries("")] == ["job/a"]


def test_the_first_write_removes_what_dead_processes_left(
    tmp_path: Path,
) -> None:
    folder = tmp_path / TEMPORARY
    folder.mkdir()
    for name, age in (
        ("dead", STALE_SECONDS + 100),
        ("alive", STALE_SECONDS - 100),
    ):
        (folder / name).write_bytes(b"half")
        written = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (written, written))
    FolderStore(tmp_path).create("job/a", b"", TEXT)
    assert [path.name for path in folder.iterdir()] == ["alive"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        f"{TEMPORARY}/a",
    ],
)
def test_a_name_that_would_leave_the_folder_is_not_a_key(
    tmp_path: Path, key: str
) -> None:
    store = FolderStore(tmp_path / "store")
    with pytest.raises(ValueError, match="is not a key"):
        store.create(key, b"", TEXT)
    with pytest.raises(ValueError, match="is not a key"):
        store.get(key)
    with pytest.raises(ValueError, match="is not a key"):
        store.delete([key])


def test_a_listing_does_not_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_bytes(b"")
    for prefix in ("../outside/", "job/../../outside/"):
        with pytest.raises(ValueError, match="is not a key"):
            list(FolderStore(tmp_path / "store").entries(prefix))


def test_symbolic_links_are_no_objects(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.create("job/a", b"inside", TEXT)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_bytes(b"outside")
    (tmp_path / "store" / "job" / "link").symlink_to(tmp_path / "outside" / "a")
    (tmp_path / "store" / "job" / "folder").symlink_to(tmp_path / "outside")
    assert [entry.key for entry in store.entries("")] == ["job/a"]
    with pytest.raises(MissingError):
        store.get("job/link")
    with pytest.raises(MissingError):
        store.head("job/link")


def test_an_unused_store_is_empty_and_is_not_created(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "new" / "store")
    assert list(store.entries("job/")) == []
    with pytest.raises(MissingError):
        store.get("job/a")
    store.delete(["job/a"])
    assert list(tmp_path.iterdir()) == []
    store.create("job/a", b"body", TEXT)
    assert store.get("job/a") == b"body"


def test_a_files_url_is_quoted_and_opens(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "a store")
    store.create("job/100% é.md", b"body", TEXT)
    assert store.sign("job/100% é.md", 60) == store.uri("job/100% é.md")
    assert store.uri("job/100% é.md").endswith(
        "/a%20store/job/100%25%20%C3%A9.md"
    )
    with urlopen(store.sign("job/100% é.md", 60), timeout=10) as answer:
        assert answer.read() == b"body"
    assert Path(unquote(urlsplit(store.url).path)) == tmp_path / "a store"


def test_a_path_with_dots_is_the_same_folder_after_its_parts_are_made(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "later/../store")
    assert store.url == (tmp_path / "store").as_uri()
    store.put("key", b"x", "text/plain")
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (tmp_path / "later").symlink_to(tmp_path / "elsewhere/deep")
    assert store.get("key") == b"x"


def test_a_path_that_is_not_a_folder_is_a_fault_of_the_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreConfigError, match="check STORE_URL"):
            FolderStore(root).create("job/a", b"", TEXT)


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (errno.EACCES, StoreConfigError, "permissions"),
        (errno.EROFS, StoreConfigError, "permissions"),
        (errno.EPERM, StoreConfigError, "hard links"),
        (errno.ENAMETOOLONG, StoreConfigError, "too long"),
        (errno.ENOSPC, StoreUnavailableError, "make room"),
        (errno.EIO, StoreUnavailableError, "repair the disk"),
    ],
)
def test_a_refusal_of_the_system_is_reported_with_the_path(
    number: int, kind: type[Exception], message: str
) -> None:
    with (
        pytest.raises(kind, match=f"/store/a: .*{message}"),
        _translating(Path("/store/a")),
    ):
        raise OSError(number, os.strerror(number))


def test_one_entry_of_a_large_store_is_found_without_reading_all_of_it(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path)
    for job in range(50):
        (tmp_path / f"job{job:02d}" / "checkpoints").mkdir(parents=True)
        (tmp_path / f"job{job:02d}" / "checkpoints" / "1").write_bytes(b"")
    read = list[str]()
    scan = store._scan

    def counted(folder: str) -> dict[str, "os.DirEntry[str]"]:
        read.append(folder)
        return scan(folder)

    store._scan = counted  # type: ignore[method-assign] # counts what is read
    assert [
        entry.key for entry in store.entries("", start_after="job20", limit=1)
    ] == ["job20/checkpoints/1"]
    assert read == ["", "job20/", "job20/checkpoints/"]
    read.clear()
    assert [entry.key for entry in store.entries("job30/checkpoints/")] == [
        "job30/checkpoints/1"
    ]
    assert read == ["job30/checkpoints/"]
