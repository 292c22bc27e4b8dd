"""The snapshot: the same bytes for the same files; unpacking trusts nothing."""

import gzip
import os
import shutil
import tarfile
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sources import empty, read_tree
from worker.errors import DiskError
from worker.source.limits import SourceLimits
from worker.source.port import InvalidSnapshotError
from worker.source.snapshot import pack, unpack

STRANGE: Final = os.fsdecode(b"b\xff\n\\ \xc3\xa9/c")
LONG: Final = "/".join(letter * 200 for letter in "abcde")
FILES: Final = {
    "a": b"1",
    STRANGE: b"",
    LONG: b"x" * 512,
    "B": b"y" * 513,
    "empty/.gitkeep": b"",
    "-rf": b"\0",
}


def write(tree: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    return tree


def packed(
    tmp_path: Path, files: dict[str, bytes] = FILES, name: str = "s"
) -> Path:
    pack(write(empty(tmp_path / f"{name}.from"), files), tmp_path / name)
    return tmp_path / name


def unpacked(
    tmp_path: Path, file: Path, limits: SourceLimits | None = None
) -> dict[str, bytes]:
    unpack(file, empty(tmp_path / "to"), limits)
    return read_tree(tmp_path / "to")


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    assert unpacked(tmp_path, packed(tmp_path)) == FILES


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.from_regex(r"([A-Z]{1,120}/){0,2}[a-z]{1,3}", fullmatch=True),
        st.binary(max_size=2000),
    )
)
def test_files_of_any_content_and_size_are_unpacked(
    files: dict[str, bytes],
) -> None:
    with TemporaryDirectory() as folder:
        assert unpacked(Path(folder), packed(Path(folder), files)) == files


def test_the_same_files_make_the_same_bytes_at_any_time_and_in_any_order(
    tmp_path: Path,
) -> None:
    first = packed(tmp_path, FILES, "first")
    second = packed(tmp_path, dict(reversed(FILES.items())), "second")
    for path in (tmp_path / "second.from").rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(path.stat().st_mode & 0o770)
    pack(tmp_path / "second.from", second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[4:8] == bytes(4), "gzip's time"


def test_it_is_a_tar_that_other_programs_read(tmp_path: Path) -> None:
    with tarfile.open(packed(tmp_path), errors="surrogateescape") as archive:
        assert archive.getnames() == sorted(FILES, key=os.fsencode)
        assert {
            (member.mtime, member.uid, member.mode) for member in archive
        } == {(0, 0, 0o644)}


def test_only_the_executable_bit_of_a_mode_is_kept(tmp_path: Path) -> None:
    tree = write(empty(tmp_path / "from"), {"a": b"", "b": b""})
    (tree / "a").chmod(0o4710)
    (tree / "b").chmod(0o600)
    pack(tree, tmp_path / "s")
    unpacked(tmp_path, tmp_path / "s")
    assert (tmp_path / "to/a").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "to/b").stat().st_mode & 0o7777 == 0o644


def test_only_regular_files_are_packed(tmp_path: Path) -> None:
    tree = write(
        empty(tmp_path / "from"),
        {"a": b"1", ".git/config": b"x", "sub/.git": b"x"},
    )
    (tree / "link").symlink_to("a")
    (tree / "folder").symlink_to("/etc")
    (tree / "dangling").symlink_to("nowhere")
    os.mkfifo(tree / "pipe")
    pack(tree, tmp_path / "s")
    assert unpacked(tmp_path, tmp_path / "s") == {"a": b"1"}


def test_memory_use_does_not_grow_with_size(tmp_path: Path) -> None:
    tree = write(empty(tmp_path / "from"), {"large": b"\0" * 50_000_000})
    tracemalloc.start()
    pack(tree, tmp_path / "s")
    unpack(tmp_path / "s", empty(tmp_path / "to"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def tar(
    *members: tuple[str, bytes | None, bytes],
    end: bytes = b"\0" * 1024,
    form: Literal[1, 2] = tarfile.GNU_FORMAT,
) -> bytes:
    """Return a gzipped tar of members: name, type and content."""
    blocks = []
    for name, kind, content in members:
        info = tarfile.TarInfo(name)
        info.type = kind or tarfile.REGTYPE
        info.size = len(content)
        info.linkname = "/etc/passwd"
        blocks += [
            info.tobuf(form, "utf-8", "surrogateescape"),
            content,
            b"\0" * (-len(content) % 512),
        ]
    return gzip.compress(b"".join([*blocks, end]))


GOOD: Final = ("good", None, b"1")
HOSTILE: Final = {
    "absolute": tar(GOOD, ("/etc/x", None, b"")),
    "parent": tar(GOOD, ("a/../../x", None, b"")),
    "dot": tar(GOOD, ("./x", None, b"")),
    "empty name": tar(GOOD, ("", None, b"")),
    "folder's name": tar(GOOD, ("x/", None, b"")),
    "symlink": tar(GOOD, ("x", tarfile.SYMTYPE, b"")),
    "hard link": tar(GOOD, ("x", tarfile.LNKTYPE, b"")),
    "device": tar(GOOD, ("x", tarfile.CHRTYPE, b"")),
    "pipe": tar(GOOD, ("x", tarfile.FIFOTYPE, b"")),
    "folder": tar(GOOD, ("x", tarfile.DIRTYPE, b"")),
    "twice": tar(GOOD, GOOD),
    "file as a folder": tar(GOOD, ("good/x", None, b"")),
    "folder as a file": tar(("a/b", None, b""), ("a", None, b"")),
    "too long a name": tar(GOOD, ("x" * 70_000, None, b"")),
    "too long a part of a name": tar(GOOD, ("x" * 300, None, b"")),
    "other headers": tar(GOOD, ("x" * 200, None, b""), form=tarfile.PAX_FORMAT),
    "no end": tar(GOOD, end=b""),
    "half an end": tar(GOOD, end=b"\0" * 512),
    "data after the end": tar(GOOD, end=b"\0" * 1024 + b"more"),
    "a bomb after the end": tar(GOOD, end=b"\0" * 20_000_000),
    "no header": gzip.compress(b"x" * 1024),
    "no gzip": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_snapshot_is_refused_and_leaves_no_file(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "s").write_bytes(HOSTILE[name])
    with pytest.raises(InvalidSnapshotError):
        unpacked(tmp_path, tmp_path / "s")
    assert list((tmp_path / "to").iterdir()) == []


def test_a_snapshot_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path, {"a": os.urandom(600), "b": b"2"}).read_bytes()
    (tmp_path / "to").mkdir()
    for length in range(0, len(whole), 7):
        (tmp_path / "s").write_bytes(whole[:length])
        with pytest.raises(InvalidSnapshotError):
            unpack(tmp_path / "s", tmp_path / "to")
        assert list((tmp_path / "to").iterdir()) == []


def test_a_flipped_bit_is_refused_unless_the_files_are_the_same(
    tmp_path: Path,
) -> None:
    files = {"a": os.urandom(600), "b": b"2"}
    whole = packed(tmp_path, files).read_bytes()
    refused = 0
    for place in range(len(whole)):
        wrong = bytearray(whole)
        wrong[place] ^= 4
        (tmp_path / "s").write_bytes(wrong)
        (tmp_path / "to").mkdir()
        try:
            unpack(tmp_path / "s", tmp_path / "to")
        except InvalidSnapshotError:
            refused += 1
        else:
            assert read_tree(tmp_path / "to") == files
        shutil.rmtree(tmp_path / "to")
    assert refused > len(whole) * 0.9


@pytest.mark.parametrize(
    "limits", [SourceLimits(files=5), SourceLimits(size=1000)]
)
def test_a_snapshot_that_exceeds_the_limits_is_refused(
    tmp_path: Path, limits: SourceLimits
) -> None:
    with pytest.raises(InvalidSnapshotError, match="exceeds the limits"):
        unpacked(tmp_path, packed(tmp_path), limits)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    tree = write(empty(tmp_path / "from"), FILES)
    full = Path("/dev/full")
    with pytest.raises(
        DiskError,
        match=r"/dev/full: .*No space left on device.*make room there",
    ):
        pack(tree, full)


def test_names_beyond_utf_8_keep_their_bytes(tmp_path: Path) -> None:
    unpacked(tmp_path, packed(tmp_path, {STRANGE: b"1"}))
    assert [os.fsencode(path.name) for path in (tmp_path / "to").iterdir()] == [
        b"b\xff\n\\ \xc3\xa9"
    ]
