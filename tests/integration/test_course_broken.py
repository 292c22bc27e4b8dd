"""Courses of code that is broken in many ways: they are complete, and their statements are true."""

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.course import make_course, write_tree
from tests.support.samples import ALL

PIECES: Final = (
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xe9",
        b"\r",
        b"\x1b[31m",
        b"\x0c",
        b"\t",
        b"\n\n\n",
    ),
    *(
        b"```",
        b"'''",
        b'"""',
        b"{{{{",
        b"}}}}",
        b"((((",
        b"/*",
        b"*/",
        b"#",
        b"class ",
        b"def ",
    ),
    *(
        b"<!--",
        b"</details>",
        b"|",
        b"$",
        b"`",
        b"\\",
        "\u202e".encode(),
        "\u2028".encode(),
        "🙂".encode(),
    ),
)
FOLD: Final = re.compile(
    r"<details>\n<summary>(?:Answer|The code, \d+ lines)</summary>\n|</details>\n"
)


def broken(chance: random.Random, body: str) -> bytes:
    """Return a file with random insertions, deletions and repetitions."""
    data = bytearray(body.encode())
    for _ in range(chance.randint(0, 8)):
        at, other = sorted(
            (chance.randrange(len(data) + 1), chance.randrange(len(data) + 1))
        )
        match chance.randrange(3):
            case 0:
                data[at:at] = chance.choice(PIECES) * chance.choice(
                    (1, 1, 3, 50)
                )
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case _:
                data[at:at] = data[at:other]
    return bytes(data)


def repository(seed: int) -> Mapping[str, bytes]:
    chance = random.Random(seed)  # noqa: S311 - the same ones every time
    return {
        f"part{number}/{path}": broken(chance, body)
        for number, name in enumerate(chance.sample(sorted(ALL), 2))
        for path, body in ALL[name].items()
    }


@pytest.mark.parametrize("seed", [*range(16), 100, 119, 137])
def test_broken_code_makes_a_course_that_agrees_with_it(
    tmp_path: Path, seed: int
) -> None:
    course = make_course(
        write_tree(tmp_path / "source", repository(seed)), tmp_path / "output"
    )
    for page in course.pages():
        assert not page.contents("html_inline")
        assert all(map(FOLD.fullmatch, page.contents("html_block")))
    for page in course.pages("reviewed-chapters/"):
        assert "> Correction:" not in page.text


def test_a_definition_that_is_never_closed_ends_with_its_file(
    tmp_path: Path,
) -> None:
    code = (
        "package shop\n\n// Sell sells.\nfunc Sell(name string) int {\n"
        '\tif name == "" {\n\t\treturn 0\n\t}\n\n\n\n'
    )
    source = write_tree(
        tmp_path / "source", {"go.mod": "module shop\n", "shop.go": code}
    )
    course = make_course(source, tmp_path / "output")
    ends = {
        last
        for page in course.pages()
        for path, spans in page.places
        if path == "shop.go"
        for _, last in spans
    }
    assert ends
    assert max(ends) <= code.count("\n")
