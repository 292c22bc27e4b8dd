"""Reads Mermaid's class diagrams."""

import re
from typing import Final

from worker.course.site.diagrams.builder import DIRECTION, direction
from worker.course.site.diagrams.graph import (
    Edge,
    Graph,
    Group,
    Head,
    Line,
    Node,
    Shape,
    not_understood,
)
from worker.course.site.diagrams.text import plain

HEADER: Final = re.compile(r"classDiagram(?:-v2)?\b\s*;?")
_NAME: Final = r"(?:`[^`]+`|[\w.$-]+?)(?:~[^\s~]+(?:~[^\s~]*)*~)?"
_CLASS: Final = re.compile(
    rf"class\s+(?P<key>{_NAME})\s*(?:\[(?P<label>.*)\])?\s*(?::::\w+)?\s*"
    r"(?:<<(?P<kind>[^>]+)>>)?\s*(?P<body>\{(?P<rest>.*))?"
)
_MEMBER: Final = re.compile(rf"(?P<key>{_NAME})\s*:\s*(?P<member>.+)")
_KIND: Final = re.compile(rf"<<(?P<kind>[^>]+)>>\s*(?P<key>{_NAME})")
_RELATION: Final = re.compile(
    rf'(?P<source>{_NAME})\s*(?:"(?P<near>[^"]*)")?\s*'
    r"(?P<tail><\||\*|(?<=[\s\x22])o(?=[-.])|<)?(?P<line>--|\.\.)(?P<head>\|>|\*|o(?=\s)|>)?"
    rf'\s*(?:"(?P<far>[^"]*)")?\s*(?P<target>{_NAME})\s*(?::\s*(?P<label>.*))?'
)
_IGNORED: Final = re.compile(
    r"(?:note|style|classDef|cssClass|click|link|callback|accTitle|accDescr)\b"
)
_NAMESPACE: Final = re.compile(r"namespace\s+(\S+)\s*\{")
_HEADS: Final = {
    "<|": Head.TRIANGLE,
    "|>": Head.TRIANGLE,
    "*": Head.FULL_DIAMOND,
    "o": Head.DIAMOND,
    "<": Head.ARROW,
    ">": Head.ARROW,
}
_MAX_MEMBERS: Final = 30


def read(_: re.Match[str], lines: list[str]) -> Graph:
    """Read the lines below a class diagram's header, or raise DiagramError."""
    reader = _Reader()
    for line in lines:
        reader.take(line.rstrip(";"))
    return reader.graph()


class _Reader:
    def __init__(self) -> None:
        self._towards = direction(None)
        self._labels: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._edges: list[Edge] = []
        self._open: str | None = None
        """The class whose body is being read."""
        self._in_namespace = False

    def graph(self) -> Graph:
        nodes = {}
        for key, label in self._labels.items():
            members = self._members[key][:_MAX_MEMBERS]
            nodes[key] = Node(
                label=label,
                shape=Shape.CLASS,
                members=tuple(members),
            )
        root = Group(direction=self._towards, nodes=list(nodes))
        return Graph(nodes=nodes, edges=self._edges, root=root)

    def take(self, line: str) -> None:
        if self._open is not None:
            self._body(self._open, line)
        elif line == "}" and self._in_namespace:
            self._in_namespace = False
        elif _NAMESPACE.fullmatch(line):
            self._in_namespace = True
        elif towards := DIRECTION.fullmatch(line):
            self._towards = direction(towards[1])
        elif not _IGNORED.match(line):
            self._statement(line)

    def _statement(self, line: str) -> None:
        if definition := _CLASS.fullmatch(line):
            self._class(definition)
        elif relation := _RELATION.fullmatch(line):
            self._relation(relation)
        elif stereotype := _KIND.fullmatch(line):
            kind, key = stereotype.groups()
            self._add(key)
            self._set_kind(key, kind)
        elif member := _MEMBER.fullmatch(line):
            key, text = member.groups()
            self._add(key)
            self._body(key, text)
        else:
            raise not_understood(line)

    def _class(self, definition: re.Match[str]) -> None:
        key = definition["key"]
        self._add(key, definition["label"])
        kind = definition["kind"]
        if kind:
            self._set_kind(key, kind)
        if not definition["body"]:
            return
        self._open = key
        rest = definition["rest"].strip()
        if rest.endswith("}"):
            members = rest.rstrip("}")
            for member in members.split(";"):
                self._body(key, member.strip())
            self._open = None
        elif rest:
            self._body(key, rest)

    def _set_kind(self, key: str, kind: str) -> None:
        members = self._members[key]
        members.insert(0, f"«{kind}»")

    def _body(self, key: str, line: str) -> None:
        if line == "}":
            self._open = None
        elif kind := re.fullmatch(r"<<(.+)>>", line):
            self._set_kind(key, kind[1])
        elif line:
            member = _generic(line)
            label = plain(member.rstrip("*$"))
            self._members[key].append(label)

    def _relation(self, relation: re.Match[str]) -> None:
        source = relation["source"]
        target = relation["target"]
        self._add(source)
        self._add(target)
        label = plain(relation["label"] or "")
        texts = (relation["near"], label, relation["far"])
        written = filter(None, texts)
        line = Line.SOLID
        if relation["line"] == "..":
            line = Line.DOTTED
        edge = Edge(
            source=source,
            target=target,
            label=" ".join(written),
            line=line,
            tail=_head(relation["tail"]),
            head=_head(relation["head"]),
        )
        self._edges.append(edge)

    def _add(self, key: str, label: str | None = None) -> None:
        if label is not None:
            self._labels[key] = plain(label)
        name = _generic(key.strip("`"))
        self._labels.setdefault(key, name)
        self._members.setdefault(key, [])


def _head(mark: str | None) -> Head:
    return _HEADS.get(mark or "", Head.NONE)


def _generic(text: str) -> str:
    """Return a type in the usual notation: Mermaid's `List~int~` is `List<int>`."""
    while re.search(r"~[^~]+~", text):
        text = re.sub(r"~([^~]+)~", r"<\1>", text, count=1)
    return text
