"""Files of an earlier course, corrected for a newer tree."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from states.update import compare
from worker.course.correction import LARGEST, MOST_DIFF_LINES, Correction

LINES = [f"line {number}" for number in range(1, 61)]
OLD = {"a.py": "\n".join(LINES), "b.py": "b", "c.py": "c"}


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    return tmp_path


def correction(trees: Path, new: Mapping[str, str]) -> Correction:
    """Write both trees, and compare them."""
    for name, files in (("old", OLD), ("new", new)):
        (trees / name).mkdir()
        for path, text in files.items():
            (trees / name / path).write_text(text)
    difference = compare(_digests(OLD), _digests(new))
    return Correction(trees / "old", trees / "new", difference)


def _digests(files: Mapping[str, str]) -> dict[str, str]:
    return {
        path: hashlib.sha256(text.encode()).hexdigest()
        for path, text in files.items()
    }


def test_places_of_a_page_move_with_their_lines(trees: Path) -> None:
    moved = correction(trees, OLD | {"a.py": "new\n" + OLD["a.py"]})
    assert moved.page(b"See `a.py:30` and `b.py:1`.") == (
        b"See `a.py:31` and `b.py:1`."
    )


def test_a_page_about_lines_that_have_changed_is_no_longer_true(
    trees: Path,
) -> None:
    changed = OLD["a.py"].replace("line 30", "another")
    moved = correction(trees, OLD | {"a.py": changed})
    assert moved.page(b"See `a.py:30`.") is None
    assert moved.page(b"\xff") is None


def test_places_in_a_large_file_cannot_be_corrected(trees: Path) -> None:
    large = "x" * LARGEST + "\n" + OLD["a.py"]
    moved = correction(trees, OLD | {"a.py": large})
    assert moved.page(b"See `a.py:30`.") is None
    assert moved.diffs(["a.py"]) == {}


def test_evidence_whose_place_is_gone_is_left_out(trees: Path) -> None:
    new = {"a.py": OLD["a.py"], "moved.py": "c"}
    document = {
        "summary": "A summary of b.py.",
        "relationships": [
            {"label": "calls", "evidence": "b.py:1: b"},
            {"label": "calls", "evidence": "c.py:1: c"},
        ],
    }
    body = yaml.safe_dump(document).encode()
    corrected = yaml.safe_load(correction(trees, new).yaml_file(body))
    assert corrected == {
        "summary": "A summary of b.py.",
        "relationships": [
            {"label": "calls", "evidence": ""},
            {"label": "calls", "evidence": "moved.py:1: c"},
        ],
    }


def test_a_yaml_file_without_stale_places_keeps_its_form(trees: Path) -> None:
    body = b"reasoning:   'c.py:1'   # a comment\n"
    moved = correction(trees, {"a.py": OLD["a.py"], "b.py": "b", "d.py": "c"})
    assert moved.yaml_file(body) == b"reasoning:   'd.py:1'   # a comment\n"


def test_diffs_are_those_of_changed_files_and_are_cut(trees: Path) -> None:
    longer = "\n".join(f"new {number}" for number in range(500))
    moved = correction(trees, OLD | {"a.py": longer, "b.py": "bb"})
    diffs = moved.diffs(["a.py", "c.py", "missing.py"])
    assert list(diffs) == ["a.py"]
    lines = diffs["a.py"].split("\n")
    assert len(lines) == MOST_DIFF_LINES + 1
    assert lines[-1] == "(161 more lines)"
