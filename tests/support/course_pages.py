"""Courses of one chapter or more, their pages, and what a page consists of."""

from html.parser import HTMLParser
from typing import Final

import yaml

from worker.course.site.build import build

CHAPTER: Final = "reviewed-chapters/chapter_1_signer.md"
PAGE: Final = "pages/chapter_1_signer.html"


class Elements(HTMLParser):
    """Every element of a page with its attributes, its texts, and what is not closed in order."""

    VOID: Final = frozenset({"meta", "link", "input", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def course(*chapters: str) -> dict[str, bytes]:
    """Return the files of a course with these reviewed chapters: Signer, Part 2, Part 3 …"""
    names = ["Signer", *(f"Part {n}" for n in range(2, len(chapters) + 1))]
    abstractions = [
        {
            "name": name,
            "description": f"`{name}` signs.",
            "file_paths": ["a.py"],
        }
        for name in names
    ]
    order = [
        {"index": index, "name": name, "reasoning": "first"}
        for index, name in enumerate(names, start=1)
    ]
    files = {
        "step1_abstractions.yaml": yaml.safe_dump(abstractions).encode(),
        "step2_relationships.yaml": yaml.safe_dump(
            {"summary": "It signs *values*.", "relationships": []}
        ).encode(),
        "step3_order.yaml": yaml.safe_dump({"order": order}).encode(),
    }
    for number, source in enumerate(chapters, start=1):
        stem = "signer" if number == 1 else f"part_{number}"
        path = f"reviewed-chapters/chapter_{number}_{stem}.md"
        files[path] = source.encode()
    return files


def article(markdown: str) -> str:
    """Return the text part of the page that a chapter becomes."""
    page = build(course(markdown), "project")[PAGE].decode()
    return page.split("<article>")[1].split("</article>")[0]
