"""The candidates for chapters in a prompt."""

from pathlib import Path

from tests.support.analysed import analysed
from worker.engines.claude.candidates import candidates


def module(name: str, methods: int) -> str:
    body = "".join(
        f"    def method_{number}(self):\n        return {number}\n"
        for number in range(methods)
    )
    return f"class {name}:\n{body}"


def test_namesakes_of_ordinary_words_do_not_crowd_out_parts(
    tmp_path: Path,
) -> None:
    files = {
        f"shop/part{number}.py": module(f"Part{number}", 20 - number)
        for number in range(12)
    }
    files["shop/text.py"] = "def join(items):\n    return items\n"
    # These tests use `str.join`, not `join` of shop/text.py.
    files |= {
        f"tests/test_{number}.py": "x = ','.join(['a'])\njoin = x\n"
        for number in range(12)
    }
    known = candidates(analysed(tmp_path, files))
    units = [
        candidate.unit.name
        for candidate in known
        if candidate.id.startswith("U")
    ]
    more = [
        candidate.unit.name
        for candidate in known
        if candidate.id.startswith("D")
    ]
    assert [candidate.id for candidate in known][len(units)] == "D1"
    assert more[:2] == [f"Part{len(units)}", f"Part{len(units) + 1}"]
    assert {*units, *more} >= {f"Part{number}" for number in range(12)}
