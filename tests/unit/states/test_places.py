"""References to lines in pages, adjusted when the lines move."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.places import (
    FileMove,
    Moves,
    StalePlaceError,
    compare_lines,
    corrected,
)

OLD = [b"line %d" % number for number in range(1, 41)]
LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=12)


def changed(new: list[bytes], old: list[bytes] = OLD) -> FileMove:
    return FileMove(path="a.py", moves=compare_lines(old, new))


def moved(text: str, moves: Mapping[str, FileMove]) -> str:
    return corrected(text, moves, moves.__getitem__)


def moved_alone(text: str, new: list[bytes]) -> str:
    """Move the references to a.py, without a check of the lines around them."""
    moves = {"a.py": changed(new)}
    return corrected(text, moves, moves.__getitem__, with_margin=False)


def test_a_place_moves_with_its_line() -> None:
    new = [b"new", *OLD]
    assert moved("See `a.py:20`.", {"a.py": changed(new)}) == "See `a.py:21`."


def test_all_spans_of_a_place_move() -> None:
    new = [*OLD[:20], b"new", *OLD[20:]]
    assert moved_alone("`a.py:2,4-9,35`", new) == "`a.py:2,4-9,36`"


@pytest.mark.parametrize("line", [20, 20 - 5, 20 + 10])
def test_a_page_is_stale_if_a_cited_line_or_one_near_it_has_changed(
    line: int,
) -> None:
    new = list(OLD)
    new[line - 1] = b"new"
    with pytest.raises(StalePlaceError):
        moved("`a.py:20`", {"a.py": changed(new)})


@pytest.mark.parametrize("line", [20 - 6, 20 + 11])
def test_lines_further_away_may_change(line: int) -> None:
    new = list(OLD)
    new[line - 1] = b"new"
    assert moved("`a.py:20`", {"a.py": changed(new)}) == "`a.py:20`"


@pytest.mark.parametrize("lines", ["0", "41", "39-41"])
def test_a_place_outside_its_file_is_stale(lines: str) -> None:
    with pytest.raises(StalePlaceError):
        moved(f"`a.py:{lines}`", {"a.py": changed(OLD)})


def test_a_place_that_ends_before_it_begins_is_stale() -> None:
    with pytest.raises(StalePlaceError):
        moved_alone("`a.py:9-4`", OLD)


def test_a_place_may_be_the_first_line() -> None:
    assert moved("`a.py:1`", {"a.py": changed(OLD)}) == "`a.py:1`"


def test_a_place_near_the_start_is_stale_if_the_first_line_has_changed() -> (
    None
):
    with pytest.raises(StalePlaceError):
        moved("`a.py:3`", {"a.py": changed([b"new", *OLD[1:]])})


def test_a_page_that_names_a_deleted_file_is_stale() -> None:
    with pytest.raises(StalePlaceError):
        moved("See a.py.", {"a.py": FileMove(path=None)})


def test_a_file_has_its_new_name() -> None:
    moves = {"a.py": FileMove(path="src/b.py")}
    text = moved("`a.py:3`, a.py; not x/a.py, a.pyc or ba.py", moves)
    assert text == "`src/b.py:3`, src/b.py; not x/a.py, a.pyc or ba.py"


def test_the_longest_path_counts() -> None:
    moves = {
        "a.c": FileMove(path="b.c"),
        "a.c.in": FileMove(path="c.in"),
        "my": FileMove(path="her"),
        "my file.py": FileMove(path="your file.py"),
    }
    assert moved("`a.c.in:1` my file.py", moves) == "`c.in:1` your file.py"


def test_a_name_may_end_as_a_sentence_does() -> None:
    moves = {"docs/why?": FileMove(path="docs/because!")}
    assert moved("Read docs/why? first.", moves) == "Read docs/because! first."


def test_a_page_that_names_no_such_file_is_unchanged() -> None:
    moves = {"a.py": FileMove(path=None)}
    assert moved("See `b.py:3`.", moves) == "See `b.py:3`."


def test_a_file_may_change_without_its_places() -> None:
    new = [*OLD[:30], b"new"]
    assert moved("a.py is long", {"a.py": changed(new)}) == "a.py is long"


EXCERPT = """`a.py:20-21,25`

```python
code
⋯ lines 22-24 omitted ⋯
code
```
"""


def test_an_excerpt_with_line_numbers_cannot_move() -> None:
    assert moved_alone(EXCERPT, [*OLD, b"new"]) == EXCERPT
    with pytest.raises(StalePlaceError):
        moved_alone(EXCERPT, [b"new", *OLD])


@given(LINES, LINES)
def test_a_moved_line_is_the_same_line(
    old: list[bytes], new: list[bytes]
) -> None:
    moves = compare_lines(old, new)
    for before, now in moves.numbers.items():
        assert old[before - 1] == new[now - 1]


@given(LINES)
def test_a_file_that_has_not_changed_has_not_moved(lines: list[bytes]) -> None:
    moves: Moves = compare_lines(lines, lines)
    numbers = range(1, len(lines) + 1)
    assert moves.numbers == {number: number for number in numbers}
