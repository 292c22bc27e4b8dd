"""The contract of every store, tested on memory, a folder, moto, and two S3 servers."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import until
from worker.errors import ConflictError, ExistsError, MissingError
from worker.store.port import Store

TEXT: Final = "text/plain"
STRANGE_KEYS: Final = [
    "job/100%/a+b.md",
    "job/a b/c d.md",
    "job/a&b=c/d?e#f.md",
    "job/quoted 'so' or \"so\"/<b>.md",
    "job/%2F/%2e.md",
    "job/Überblick/章 1.md",
    "job/🦀/~tilde (1).md",
]


def keys(
    store: Store,
    prefix: str = "",
    *,
    start_after: str = "",
    limit: int | None = None,
) -> list[str]:
    return [
        entry.key
        for entry in store.entries(prefix, start_after=start_after, limit=limit)
    ]


def filled(store: Store, *names: str) -> Store:
    for name in names:
        store.put(name, b"", TEXT)
    return store


def create_many(store: Store, names: list[str]) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(
            pool.map(
                lambda name: store.create(name, name.encode(), TEXT), names
            )
        )


def test_a_created_object_is_read(store: Store) -> None:
    store.create("job/a.json", b'{"a": 1}', "application/json")
    assert store.get("job/a.json") == b'{"a": 1}'


def test_create_refuses_a_key_that_is_taken_and_leaves_its_object(
    store: Store,
) -> None:
    store.create("job/a", b"first", TEXT)
    with pytest.raises(ExistsError):
        store.create("job/a", b"second", TEXT)
    with pytest.raises(ExistsError):
        store.create("job/a", b"first", TEXT)
    assert store.get("job/a") == b"first"


def test_create_refuses_a_key_that_was_put(store: Store) -> None:
    store.put("job/a", b"first", TEXT)
    with pytest.raises(ExistsError):
        store.create("job/a", b"second", TEXT)


def test_a_deleted_key_can_be_created_again(store: Store) -> None:
    store.create("job/a", b"first", TEXT)
    store.delete(["job/a"])
    store.create("job/a", b"second", TEXT)
    assert store.get("job/a") == b"second"


@pytest.mark.parametrize("round_number", range(5))
def test_exactly_one_of_sixteen_creations_at_once_succeeds(
    store: Store, round_number: int
) -> None:
    key, barrier = f"job/checkpoints/{round_number}", threading.Barrier(16)

    def create(number: int) -> int | None:
        barrier.wait(30)
        try:
            store.create(key, b"%d" % number * 1000, TEXT)
        except (ExistsError, ConflictError):
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        winners = [
            number
            for number in pool.map(create, range(16))
            if number is not None
        ]
    assert len(winners) == 1
    assert store.get(key) == b"%d" % winners[0] * 1000


def test_a_copy_has_the_content_and_is_a_separate_object(
    store: Store,
) -> None:
    store.put("old/a.md", b"first", TEXT)
    store.copy("old/a.md", "new/b.md")
    store.put("old/a.md", b"second", TEXT)
    store.delete(["old/a.md"])
    assert store.get("new/b.md") == b"first"
    assert store.head("new/b.md").size == len(b"first")


def test_a_copy_replaces_what_was_there(store: Store) -> None:
    store.put("old/a.md", b"first", TEXT)
    store.put("new/a.md", b"damaged", TEXT)
    store.copy("old/a.md", "new/a.md")
    assert store.get("new/a.md") == b"first"


def test_a_copy_has_the_time_of_copying(store: Store) -> None:
    store.put("old/a.md", b"first", TEXT)
    until(lambda: store.head("old/a.md").age > 1)
    store.copy("old/a.md", "new/a.md")
    assert store.head("new/a.md").age <= 1


def test_an_object_that_is_missing_cannot_be_copied(store: Store) -> None:
    with pytest.raises(MissingError):
        store.copy("old/a.md", "new/a.md")
    assert not keys(store)


@pytest.mark.parametrize("key", STRANGE_KEYS)
def test_objects_with_strange_keys_are_copied(store: Store, key: str) -> None:
    store.put(key, b"first", TEXT)
    store.copy(key, f"new/{key}")
    assert store.get(f"new/{key}") == b"first"


def test_put_replaces_what_was_there(store: Store) -> None:
    store.put("job/a", b"first", TEXT)
    store.put("job/a", b"second, and longer", TEXT)
    store.put("job/a", b"third", TEXT)
    assert store.get("job/a") == b"third"
    assert store.head("job/a").size == 5


def test_a_reader_sees_one_object_or_the_other_while_it_is_replaced(
    store: Store,
) -> None:
    bodies = [b"a" * 300_000, b"b" * 200_000]
    store.put("job/a", bodies[0], TEXT)
    done = threading.Event()

    def replace() -> None:
        for number in range(30):
            store.put("job/a", bodies[number % 2], TEXT)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(replace)
        while not done.is_set() and not writing.done():
            assert store.get("job/a") in bodies
        writing.result()


def test_a_missing_object_cannot_be_read(store: Store, tmp_path: Path) -> None:
    filled(store, "job/folder/a")
    for key in ("job/b", "job/folder", "nobody/a", "job/folder/a/b"):
        with pytest.raises(MissingError):
            store.get(key)
        with pytest.raises(MissingError):
            store.head(key)
        with pytest.raises(MissingError):
            store.download(key, tmp_path / "copy")


def test_an_empty_object_is_an_object(store: Store, tmp_path: Path) -> None:
    store.create("job/empty", b"", TEXT)
    assert store.get("job/empty") == b""
    assert store.head("job/empty").size == 0
    store.download("job/empty", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_a_large_file_comes_back_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.write_bytes(
        b"".join(
            hashlib.sha256(b"%d" % number).digest() for number in range(625_000)
        )
    )
    copy.write_bytes(b"something longer that was there before" * 1_000_000)
    store.put("job/large", original, "application/octet-stream")
    store.download("job/large", copy)
    assert copy.read_bytes() == original.read_bytes()
    assert store.head("job/large").size == 20_000_000


def test_an_objects_age_grows_until_it_is_written_again(store: Store) -> None:
    store.put("job/heartbeat", b"1", TEXT)
    assert store.head("job/heartbeat").age <= 1
    until(lambda: store.head("job/heartbeat").age >= 2)
    store.put("job/heartbeat", b"1", TEXT)
    assert store.head("job/heartbeat").age <= 1


def test_a_write_returns_the_stores_time(store: Store) -> None:
    first = store.create("job/a", b"1", TEXT)
    until(lambda: store.head("job/a").age >= 1)
    head, second = store.head("job/a"), store.put("job/b", b"2", TEXT)
    assert first is not None
    assert second is not None
    assert abs(first - head.modified) <= 1
    assert 0 < second - first < 30
    assert abs(second - head.now) <= 2


def test_a_listing_returns_sizes_and_times(store: Store) -> None:
    store.put("job/a", b"12345", TEXT)
    until(lambda: store.head("job/a").age >= 1)
    store.put("job/b", b"", TEXT)
    first, second = store.entries("job/")
    assert (first.size, second.size) == (5, 0)
    assert 0 < second.modified - first.modified < 30


def test_a_listing_is_in_the_order_of_the_keys_bytes(store: Store) -> None:
    names = [
        "B",
        "a-b/x",
        "a.b",
        "a/x-y",
        "a/x.y/z",
        "a/x/z",
        "a0",
        "b/z",
        "b/é",
        "b/\uffee",
        "b/🦀",
        "é",
    ]
    filled(store, *reversed(names))
    assert keys(store) == names == sorted(names, key=lambda name: name.encode())


def test_a_listing_has_only_what_begins_with_the_prefix(store: Store) -> None:
    filled(store, "job/a/1", "job/a/2", "job/ab", "job/b", "job2/a/1", "jo")
    assert keys(store, "job/a/") == ["job/a/1", "job/a/2"]
    assert keys(store, "job/a") == ["job/a/1", "job/a/2", "job/ab"]
    assert keys(store, "job/a/2") == ["job/a/2"]
    assert keys(store, "job/c") == []
    assert keys(store, "nobody/") == []


def test_a_listing_starts_after_a_text_that_need_not_be_a_key(
    store: Store,
) -> None:
    filled(store, "job-a/1", "job/1", "job/2", "job/3/x", "job/4")
    assert keys(store, start_after="job-a/1") == [
        "job/1",
        "job/2",
        "job/3/x",
        "job/4",
    ]
    assert keys(store, "job/", start_after="job/1") == [
        "job/2",
        "job/3/x",
        "job/4",
    ]
    assert keys(store, "job/", start_after="job/2~") == ["job/3/x", "job/4"]
    assert keys(store, "job/", start_after="job/3/x") == ["job/4"]
    assert keys(store, "job/", start_after="job/3") == ["job/3/x", "job/4"]
    assert keys(store, "job/", start_after="a") == [
        "job/1",
        "job/2",
        "job/3/x",
        "job/4",
    ]
    assert keys(store, "job/", start_after="job0") == []


def test_a_listing_ends_at_its_limit(store: Store) -> None:
    filled(store, "job/1", "job/2/x", "job/3")
    assert keys(store, "job/", limit=1) == ["job/1"]
    assert keys(store, "job/", limit=2, start_after="job/1") == [
        "job/2/x",
        "job/3",
    ]
    assert (
        keys(store, "job/", limit=3)
        == keys(store, "job/", limit=4)
        == ["job/1", "job/2/x", "job/3"]
    )


def test_a_listing_of_an_empty_store_is_empty(store: Store) -> None:
    assert keys(store) == []


def test_a_long_listing_is_complete_and_can_be_deleted_at_once(
    store: Store,
) -> None:
    names = [f"job/{number // 100}/{number:05d}" for number in range(2100)]
    create_many(store, names)
    listed = keys(store, "job/")
    assert listed == sorted(names)
    assert (
        keys(store, "job/", start_after=listed[999], limit=1050)
        == listed[1000:2050]
    )
    store.delete(listed)
    assert keys(store) == []


def test_a_new_object_is_in_the_next_listing_and_a_deleted_one_is_not(
    store: Store,
) -> None:
    for number in range(10):
        store.create(f"job/{number}", b"", TEXT)
        assert keys(
            store, limit=1, start_after=f"job/{number - 1}" if number else ""
        ) == [f"job/{number}"]
    store.delete(["job/3", "job/9"])
    assert keys(store) == [
        f"job/{number}" for number in range(10) if number not in {3, 9}
    ]


def test_deleting_missing_objects_is_not_an_error(store: Store) -> None:
    filled(store, "job/a")
    store.delete(["job/b", "nobody/a", "job/a"])
    store.delete(["job/a"])
    store.delete([])
    assert keys(store) == []


def test_keys_may_contain_what_urls_quote(store: Store) -> None:
    for key in STRANGE_KEYS:
        store.create(key, key.encode(), TEXT)
        with pytest.raises(ExistsError):
            store.create(key, b"", TEXT)
        assert store.get(key) == key.encode()
        assert store.head(key).size == len(key.encode())
    assert keys(store, "job/") == sorted(
        STRANGE_KEYS, key=lambda key: key.encode()
    )
    for key in STRANGE_KEYS:
        assert keys(store, key) == [key]
    store.delete(STRANGE_KEYS)
    assert keys(store) == []


def test_many_threads_may_use_one_store(store: Store) -> None:
    def use(number: int) -> bytes:
        store.put(f"job/{number}", b"%d" % number * 1000, TEXT)
        return store.get(f"job/{number}")

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(use, range(128))) == [
            b"%d" % number * 1000 for number in range(128)
        ]
