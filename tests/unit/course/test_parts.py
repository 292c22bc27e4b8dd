"""The connected parts of a drawing."""

import pytest

from worker.course.parts import joining, largest_part


@pytest.mark.parametrize(
    ("pairs", "positions"),
    [
        ([], []),
        ([(1, 2)], [0]),
        ([(1, 2), (3, 4), (5, 6)], [0]),
        ([(1, 2), (3, 4), (4, 5)], [1, 2]),
        ([(1, 2), (3, 4), (2, 3)], [0, 1, 2]),
        ([(1, 2), (2, 1), (3, 4), (4, 5)], [2, 3]),
    ],
)
def test_the_largest_part_has_most_ends_and_is_the_first_of_several(
    pairs: list[tuple[int, int]], positions: list[int]
) -> None:
    assert largest_part(pairs) == positions


def test_pairs_join_what_those_before_them_leave_apart() -> None:
    pairs = [(1, 2), (3, 4), (2, 1), (2, 3), (1, 4), (5, 5)]
    assert joining(pairs) == [0, 1, 3]
