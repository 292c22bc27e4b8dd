"""What is named of a repository that is too large."""

import pytest

from worker.errors import DataError
from worker.source.limits import SourceLimits, largest

MIB = 1 << 20


def test_the_largest_parts_come_first_and_small_ones_not_at_all() -> None:
    files = [("a/x", 5), ("a/y", 5), ("b", 30), ("c/d/e", 60), ("f", 1)]
    assert largest(files) == [("c/", 60), ("b", 30), ("a/", 10)]


def test_a_folder_that_holds_nearly_all_is_looked_into() -> None:
    files = [
        ("src/a.py", 1),
        ("data/2024/x.bin", 500),
        ("data/2025/x.bin", 400),
        ("data/index", 50),
    ]
    assert largest(files) == [
        ("data/2024/", 500),
        ("data/2025/", 400),
        ("data/index", 50),
    ]


def test_nothing_has_no_parts() -> None:
    assert largest([]) == []


def test_a_repository_that_is_too_large_names_them() -> None:
    parts = [("web/node_modules/a", 900 * MIB), ("web/dist/b", 300 * MIB)]
    with pytest.raises(DataError) as caught:
        SourceLimits().check("web", size=1200 * MIB, files=2, parts=parts)
    assert str(caught.value) == (
        "web: it is larger than 1024 MiB, which is too large for a course; "
        "its largest parts are web/node_modules/ (900 MiB), web/dist/ (300 MiB)"
    )
