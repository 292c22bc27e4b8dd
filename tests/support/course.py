"""Courses of the static engine, read with code that is independent of the engine."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from states.stages import STAGES, Stage
from worker.course.formats import Rules
from worker.engines.port import Workspace
from worker.engines.static.engine import StaticEngine

MADE: Final = tuple(info.stage for info in STAGES[1:])
"""The stages that engines produce."""
PLACE: Final = re.compile(
    r"(?P<path>.+):(?P<lines>\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)", re.DOTALL
)
LEFT_OUT: Final = re.compile(r"\s*⋯")


@dataclass(frozen=True)
class Excerpt:
    """A block of code on a page, and the place that is named above it."""

    path: str
    spans: tuple[tuple[int, int], ...]
    code: str
    """The code as printed, without its fences."""

    @property
    def lines(self) -> list[str]:
        """The lines that the page gives as the file's."""
        return [
            line
            for line in self.code.split("\n")[:-1]
            if not LEFT_OUT.fullmatch(line)
        ]


class Page:
    """A page of a course, as a CommonMark reader with tables reads it."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def tokens(self) -> list[Token]:
        """All tokens in order, inline ones included."""
        blocks = MarkdownIt("commonmark").enable("table").parse(self.text)
        return [
            token
            for block in blocks
            for token in (block, *(block.children or ()))
        ]

    def contents(self, kind: str) -> list[str]:
        """Return the contents of the tokens of a type."""
        return [token.content for token in self.tokens if token.type == kind]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return [
            (int(token.tag[1]), content.content)
            for token, content in pairs
            if token.type == "heading_open"
        ]

    @property
    def links(self) -> list[str]:
        """The targets of the links."""
        return [
            str(token.attrs["href"])
            for token in self.tokens
            if token.type == "link_open"
        ]

    @property
    def diagrams(self) -> list[str]:
        """The Mermaid diagrams."""
        return [
            token.content
            for token in self.tokens
            if token.type == "fence" and token.info == "mermaid"
        ]

    @property
    def commands(self) -> list[str]:
        """The commands that a tutorial asks its reader to run."""
        return re.findall(r"```bash\n(.*?)\n```\n", self.text, re.DOTALL)

    @property
    def places(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Every code span that is a place in a file: the path, and first and last lines."""
        matches = (
            PLACE.fullmatch(span) for span in self.contents("code_inline")
        )
        return [
            (match["path"], list(_spans(match["lines"])))
            for match in matches
            if match
        ]

    @property
    def excerpts(self) -> list[Excerpt]:
        """The blocks of code that are quoted from files."""
        excerpts, last = [], ""
        for token in self.tokens:
            last = token.content if token.type == "code_inline" else last
            if (
                token.type == "fence"
                and token.info != "mermaid"
                and token.content.strip() not in self.commands
            ):
                match = PLACE.fullmatch(last)
                assert match, (
                    f"{self.path}: no place is named above {token.content!r}"
                )
                excerpts.append(
                    Excerpt(
                        match["path"],
                        tuple(_spans(match["lines"])),
                        token.content,
                    )
                )
        return excerpts


def _spans(lines: str) -> Iterator[tuple[int, int]]:
    for piece in lines.split(","):
        first, _, last = piece.partition("-")
        yield int(first), int(last or first)


@dataclass(frozen=True)
class MadeCourse:
    """A course and the repository that it was made of."""

    source: Path
    files: Mapping[str, bytes]

    def pages(self, folder: str = "") -> list[Page]:
        """Return the Markdown pages, of one folder or of all."""
        pages = {
            path: body
            for path, body in self.files.items()
            if path.endswith(".md") and path.startswith(folder)
        }
        return [Page(path, body.decode()) for path, body in pages.items()]


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a repository's files, and return its folder."""
    for path, body in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body.encode() if isinstance(body, str) else body)
    return folder


def make_course(
    source: Path, output: Path, engine: StaticEngine | None = None
) -> MadeCourse:
    """Make a course with the static engine, and check each file.

    Existing files are not made again.
    """
    engine = engine or StaticEngine()
    for stage in MADE:
        make_stage(stage, source, output, engine)
    made = sorted(path for path in output.rglob("*") if path.is_file())
    return MadeCourse(
        source,
        {str(path.relative_to(output)): path.read_bytes() for path in made},
    )


def make_stage(
    stage: Stage, source: Path, output: Path, engine: StaticEngine
) -> list[str]:
    """Make one stage; return the paths of the items. Fail if a file is invalid or missing."""
    before = {path.name: path.read_bytes() for path in output.glob("*.yaml")}
    rules, made = Rules(stage, before), []
    for item in engine.produce(stage, Workspace(source=source, output=output)):
        assert rules.fault(item.path, item.body) is None
        write_tree(output, {item.path: item.body})
        made.append(item.path)
    assert [
        path for path in rules.expected if not (output / path).exists()
    ] == []
    return made
