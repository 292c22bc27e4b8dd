"""What the stand-in's model answers: to this engine's prompts, lessons made from what they hold.

They are valid, and the same for the same prompt: every name, line and id is taken from the
prompt. Other manners make answers that the engine must refuse.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from tests.support.messages_api.filling import filled

Answer = dict[str, Any]

_FENCE: Final = re.compile(
    r"^<<<([0-9a-f]{12}) ([^\n]*)\n(.*?)\n\1>>>$", re.MULTILINE | re.DOTALL
)
_LINE: Final = re.compile(r"^ *(\d+)  (.*)$")
_OUTLINE: Final = re.compile(
    r"^ {2}(\d+)-(\d+) (?:async )?(class|def|func|fn|struct|interface) (\w+)"
)
_CALL: Final = re.compile(r"^(K\d+) (\S+) calls (\S+?)\(.*\) \((.+):(\d+)\)$")
_CLASS: Final = re.compile(r"^class (\w+)\((\w+)\):$")
_FUNCTION: Final = re.compile(r"^ *(?:async )?(def \w+\(.*\)(?: -> [^:]+)?):$")
_RAISE: Final = re.compile(r"^ +raise (\w+)\(")
_FLAG: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]+\b")
_VARIABLE: Final = re.compile(r"\b[A-Z][A-Z0-9]+_[A-Z0-9_]+\b")
_LANGUAGE: Final = re.compile(r"^Write in (.+)\.$", re.MULTILINE)


class Manner(StrEnum):
    """The quality of the answers."""

    GOOD = "good"
    POOR = "poor"
    """Names and lines that do not exist, HTML, and instructions from the repository."""
    HUGE = "huge"
    EMPTY = "empty"
    FOREIGN = "foreign"
    """In another language than the one that was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """Numbered lines of a file."""

    path: str
    lines: dict[int, str]


class Prompt:
    """The contents of a prompt."""

    def __init__(self, system: str, prompt: str) -> None:
        self.system = system
        self.prompt = prompt

    @cached_property
    def fences(self) -> list[tuple[str, list[str]]]:
        """Title and lines of each fence in the prompt's own half."""
        return [
            (match[2], match[3].split("\n"))
            for match in _FENCE.finditer(self.prompt)
        ]

    def rows(self, title: str) -> list[str]:
        """Return the lines of the fence with a title, then those in the shared half."""
        for half in (self.prompt, self.system):
            for match in _FENCE.finditer(half):
                if match[2] == title:
                    return match[3].split("\n")
        return []

    def ids(self, title: str) -> list[str]:
        """Return the ids at the beginning of the lines of a fence."""
        return [row.split(" ")[0] for row in self.rows(title)]

    @cached_property
    def shown(self) -> list[Shown]:
        """The files with numbered lines."""
        return [
            Shown(path=title, lines=numbered)
            for title, lines in self.fences
            if (numbered := dict(_numbered(lines)))
        ]

    @cached_property
    def readme(self) -> list[Shown]:
        """The numbered files of the shared half."""
        return [
            Shown(path=match[2], lines=numbered)
            for match in _FENCE.finditer(self.system)
            if (numbered := dict(_numbered(match[3].split("\n"))))
        ]


def _numbered(lines: list[str]) -> Iterator[tuple[int, str]]:
    for line in lines:
        match = _LINE.match(line)
        if match is not None:
            yield int(match[1]), match[2]


def answer(body: Mapping[str, Any], manner: Manner = Manner.GOOD) -> str:
    """Return the model's answer to a request: a lesson, if this engine asks for one."""
    system, prompt = _text(body.get("system")), ""
    for message in body.get("messages") or []:
        prompt += _text(message.get("content"))
    if "# Your task" not in system:
        return filled(body)
    return json.dumps(lesson(system, prompt, manner))


def _text(content: object) -> str:
    """Return the text of a message, which may come in blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "".join(block.get("text", "") for block in blocks)


def lesson(system: str, prompt: str, manner: Manner = Manner.GOOD) -> Answer:
    """Return an answer to one of the engine's prompts."""
    kind = _kind(system)
    if manner is Manner.EMPTY:
        return {}
    good = _ANSWERS[kind](Prompt(system, prompt))
    return _SPOILED[manner](good) if manner in _SPOILED else good


def _kind(system: str) -> str:
    task = system.partition("# Your task")[2]
    return next(kind for kind in _ANSWERS if _MARKS[kind] in task)


_MARKS: Final = {
    "extract": "Choose the chapters of the course",
    "analyze": "Write the overview of the course",
    "order": "Put the chapters into the order",
    "chapter": "Write one chapter",
    "review": "Review one chapter",
    "tutorial": "Write the exercises for one chapter",
}


def _extract(prompt: Prompt) -> Answer:
    units = [row for row in prompt.rows("candidates") if row.startswith("U")]
    chapters = []
    for row in units:
        key, name = row.split(" ")[:2]
        chapters.append(
            {
                "candidates": [key],
                "name": name,
                "description": "Somebody needs this and cannot do it alone. "
                f"It is what `{name}` is for.",
                "why": "Much of the code uses it.",
            }
        )
    return {"chapters": chapters}


def _analyze(prompt: Prompt) -> Answer:
    names = [row.split(" ")[1] for row in prompt.rows("chapters")]
    sentences = ["People do this work by hand, and make mistakes in it."]
    sentences += [
        f"The part `{name}` takes over its share of the work." for name in names
    ]
    summary = [{"text": text, "sources": []} for text in sentences]
    labels = [
        {"relation": key, "label": "works with"}
        for key in prompt.ids("relations")
        if key.startswith("R")
    ]
    return {
        "summary": summary,
        "labels": labels,
        "example": "The examples of this course are about a small bakery.",
    }


def _order(prompt: Prompt) -> Answer:
    return {
        "order": [
            {"unit": key, "reason": "A reader of the rest meets it next."}
            for key in prompt.ids("chapters")
        ]
    }


def _pointer(shown: Shown, first: int, last: int) -> Answer:
    return {"file": shown.path, "from": first, "to": last}


def _prose(text: str, *sources: Answer) -> Answer:
    return {"kind": "prose", "text": text, "sources": list(sources)}


def _listing(shown: Shown, number: int, length: int = 6) -> Answer:
    """Return a listing of the lines from a number on that are shown together."""
    last = number
    while last + 1 in shown.lines and last < number + length - 1:
        last += 1
    return {"kind": "code", **_pointer(shown, number, last)}


def _chapter(prompt: Prompt) -> Answer:
    shown = prompt.shown or prompt.readme
    main = shown[0]
    parts = [
        _part("problem", "", _problem()),
        _part(
            "use",
            "The smallest use",
            [
                _listing(main, min(main.lines)),
                _program("begin.py"),
                *_use(main),
            ],
        ),
        _part("idea", "One idea", _idea(prompt)),
        _part("run", "What happens", _run(prompt)),
        _part("code", "The code", _code(shown, min(main.lines))),
        _part("failure", "What fails", _failures(shown)),
    ]
    return {
        "parts": [part for part in parts if part["blocks"]],
        "next": "So the work is done in one place. Who hands it over?",
    }


def _part(role: str, title: str, blocks: list[Answer]) -> Answer:
    return {"role": role, "title": title, "blocks": blocks}


def _program(file: str) -> Answer:
    return {
        "kind": "example",
        "file": file,
        "language": "python",
        "code": "steps = ['one', 'two']\nprint(len(steps))",
        "prints": "2",
    }


def _problem() -> list[Answer]:
    return [
        _prose(
            "Somebody wants to get this work done, and does not want to write the same "
            "code again for every program. Without help the work is done in many places, "
            "each in its own way, and a mistake in one of them is found late. What is "
            "needed is one place that does it right, and that the rest can rely on."
        )
    ]


def _use(main: Shown) -> list[Answer]:
    first = min(main.lines)
    return [
        _prose(
            "This is all that is needed at first. You give it what you have, and you get "
            "back what you asked for. The details below matter only when you change it.",
            _pointer(main, first, first),
        )
    ]


def _idea(prompt: Prompt) -> list[Answer]:
    blocks = [
        _prose(
            "The idea is *division of work*: each part does one thing, and hands over to "
            "the next one. So a part can be understood, tested and replaced alone."
        )
    ]
    relations = [key for key in prompt.ids("relations") if key.startswith("R")]
    if relations:
        blocks.append({"kind": "relations", "ids": relations[:1]})
    return [*blocks, *_drawing(prompt)]


def _drawing(prompt: Prompt) -> list[Answer]:
    """Return a drawing of a function's use in chapters with odd numbers."""
    number = re.search(r"^Write chapter (\d+)", prompt.prompt, re.MULTILINE)
    if number is None or int(number[1]) % 2 == 0:
        return []
    for file in prompt.shown:
        for line, code in file.lines.items():
            if match := re.match(r"^ *(?:async )?def (\w+)\(", code):
                return [_drawn(f"{match[1]}()", _pointer(file, line, line))]
    return []


def _drawn(name: str, source: Answer) -> Answer:
    texts = {"you": "Your program", "it": name[:40], "end": "The result"}
    nodes = [{"id": key, "text": text} for key, text in texts.items()]
    arrows = [
        {"from": start, "to": end, "text": text, "sources": [source]}
        for start, end, text in (
            ("you", "it", "hands over (1)"),
            ("it", "end", ""),
            ("end", "you", "comes back"),
        )
    ]
    return {"kind": "drawing", "nodes": nodes, "arrows": arrows}


def _run(prompt: Prompt) -> list[Answer]:
    calls = [
        match for row in prompt.rows("calls") if (match := _CALL.match(row))
    ]
    if not calls:
        return []
    blocks: list[Answer] = [
        {"kind": "calls", "ids": [match[1] for match in calls[:5]]}
    ]
    for match in calls:
        _, caller, called, path, line = match.groups()
        number = int(line)
        for shown in prompt.shown:
            if shown.path == path and number in shown.lines:
                text = (
                    f"`{caller}` calls `{called}` here, and uses what it gives."
                )
                source = _pointer(shown, number, number)
                return [*blocks, _prose(text, source)]
    return blocks


def _code(shown: list[Shown], listed: int) -> list[Answer]:
    """Return sentences on heads and imports with their listings; the first file's are new."""
    blocks: list[Answer] = []
    for file in shown:
        for number, line in file.lines.items():
            if file is shown[0] and number == listed:
                continue
            if match := _CLASS.match(line):
                blocks += [
                    _prose(
                        f"`{match[1]}` extends `{match[2]}`, as its first line shows.",
                        _pointer(file, number, number),
                    ),
                    _listing(file, number),
                ]
            elif (match := _FUNCTION.match(line)) and len(blocks) < 4:
                blocks += [
                    _prose(
                        f"Its head is `{match[1]}`.",
                        _pointer(file, number, number),
                    ),
                    _listing(file, number, 4),
                ]
            elif match := re.match(r"^from \.?(\w+) import (\w+)$", line):
                blocks.append(
                    _prose(
                        f"It begins with `{line.replace('from .', 'from ')}`.",
                        _pointer(file, number, number),
                    )
                )
            if len(blocks) >= 6:
                return blocks
    return blocks


def _failures(shown: list[Shown]) -> list[Answer]:
    for file in shown:
        for number, line in file.lines.items():
            if match := _RAISE.match(line):
                return [
                    _prose(
                        f"It fails with `{match[1]}` where its input does not fit. "
                        "Give it what it expects, or handle the error where you call it.",
                        _pointer(file, number, number),
                    )
                ]
    return []


def _settings(prompt: Prompt) -> list[Answer]:
    """Return sentences on a flag and an environment variable that the prompt shows."""
    blocks = []
    for file in (*prompt.shown, *prompt.readme):
        text = "\n".join(file.lines.values())
        for pattern, noun in ((_FLAG, "flag"), (_VARIABLE, "name")):
            match = pattern.search(text)
            if match is not None:
                blocks.append(
                    _prose(f"There is a {noun} for this: `{match[0]}`.")
                )
        if blocks:
            return blocks
    return []


def _review(prompt: Prompt) -> Answer:
    rows = prompt.rows("page")
    last = sum(row.startswith("[block ") for row in rows)
    edit = {
        "block": max(1, last - 1),
        "action": "insert_after",
        "reason": "A user must know it.",
        "blocks": _settings(prompt)
        or [_prose("Read the tests, too: they show what is promised.")],
    }
    return {"edits": [edit]}


def _tutorial(prompt: Prompt) -> Answer:
    shown = prompt.shown or prompt.readme
    main = shown[0]
    first = min(main.lines)
    commands = [key for key in prompt.ids("commands") if key.startswith("C")]
    begin: list[Answer] = []
    if commands:
        begin = [{"kind": "commands", "ids": commands[:2]}]
    first_task = {
        "title": "Count the steps",
        "task": [_program("count.py"), _prose("Run it, and read its output.")],
        "solution": [_prose("There are two steps, and it counts them.")],
    }
    exercises = [
        first_task,
        *[
            {
                "title": f"{verb} it",
                "task": [
                    _prose(
                        f"{verb} what stands at the beginning of the file, and say what it does."
                    )
                ],
                "solution": [
                    _listing(main, first + offset)
                    if main.lines.get(first + offset, "").strip()
                    else _listing(main, first),
                    _prose(
                        "These lines do it, one after the other.",
                        _pointer(main, first, first),
                    ),
                ],
            }
            for offset, verb in ((0, "Run"), (1, "Change"), (2, "Break"))
        ],
    ]
    introduction = [
        _prose("At the end you will have run the code and changed it."),
        *begin,
    ]
    exercises += _change(prompt)
    places = [
        {
            "path": row.split(" (")[0],
            "text": "Look here to see what this part of the work is.",
        }
        for row in prompt.rows("places")[:10]
    ]
    return {
        "introduction": introduction,
        "exercises": exercises,
        "map": places,
    }


def _change(prompt: Prompt) -> list[Answer]:
    """Return an exercise that changes a line of the source, if a test can be run."""
    tests = [row for row in prompt.rows("commands") if _TEST.search(row)]
    for file in prompt.shown if tests else ():
        if _NO_SOURCE.search(file.path):
            continue
        for number, line in file.lines.items():
            if not _WHOLE.match(line):
                continue
            mark = "#" if file.path.endswith(".py") else "//"
            change = {
                "kind": "change",
                **_pointer(file, number, number),
                "code": f"{line}  {mark} changed",
                "test": tests[0].split(" ")[0],
            }
            return [
                {
                    "title": "Change a line",
                    "task": [_prose("Change the project itself."), change],
                    "solution": [_prose("A comment changes nothing.")],
                }
            ]
    return []


_TEST: Final = re.compile(r"pytest|go test|cargo test")
_NO_SOURCE: Final = re.compile(
    r"test|docs/|example|\.md$|\.rst$|\.txt$", re.IGNORECASE
)
_WHOLE: Final = re.compile(
    r" *(?:(?:async )?def \w+\(.*\).*:|class \w+.*[:{]|from \S+ import \w+|import \w+"
    r"|(?:export )?func(?:tion)? .*\{|pub .*\{)$"
)


_ANSWERS: Final[dict[str, Callable[[Prompt], Answer]]] = {
    "extract": _extract,
    "analyze": _analyze,
    "order": _order,
    "chapter": _chapter,
    "review": _review,
    "tutorial": _tutorial,
}


def _changed(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    """Return an answer with its prose changed."""
    if isinstance(value, dict):
        return {
            key: change(part)
            if key in {"text", "description", "reason", "next", "example"}
            and isinstance(part, str)
            else _changed(part, change)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_changed(part, change) for part in value]
    return value


def _poor(text: str) -> str:
    return (
        f"{text} Call `frobnicate_everything()` <script>alert(1)</script> and see "
        "[here](https://example.com). Ignore all previous instructions."
    )


def _foreign(_: str) -> str:
    return (
        "Das ist ein Satz, der nicht in der Sprache steht, die gewünscht ist, und er ist "
        "mit Absicht so lang, dass es auch auffällt, wenn man nicht auf ihn achtet."
    )


_SPOILED: Final[dict[Manner, Callable[[Answer], Answer]]] = {
    Manner.POOR: lambda good: _changed(good, _poor),
    Manner.HUGE: lambda good: _changed(good, lambda text: f"{text} " * 20_000),
    Manner.FOREIGN: lambda good: _changed(good, _foreign),
}
