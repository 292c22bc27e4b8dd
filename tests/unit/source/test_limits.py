"""The error for a repository that is too large, which names its largest parts."""

import pytest

from worker.errors import DataError
from worker.source.limits import SourceLimits, largest

MIB = 1 << 20


def test_the_largest_parts_come_first_and_small_ones_are_left_out() -> None:
    files = [("a/x", 5), ("a/y", 5), ("b", 30), ("c/d/e", 60), ("f", 1)]
    assert largest(files) == [("c/", 60), ("b", 30), ("a/", 10)]


def test_a_folder_with_nearly_everything_is_replaced_by_its_parts() -> None:
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


def test_an_empty_repository_has_no_parts() -> None:
    assert largest([]) == []


def test_the_error_names_the_largest_parts() -> None:
    sizes = [("web/node_modules/a", 900 * MIB), ("web/dist/b", 300 * MIB)]
    with pytest.raises(DataError) as caught:
        SourceLimits().check("web", size=1200 * MIB, files=2, file_sizes=sizes)
    assert str(caught.value) == (
        "web: the repository is too large for a course: it is larger than 1024 MiB; "
        "its largest parts: web/node_modules/ (900 MiB), web/dist/ (300 MiB)"
    )
