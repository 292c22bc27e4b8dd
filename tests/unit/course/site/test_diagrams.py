"""Diagrams are drawn legibly, as their source says, or not at all."""

import re
import time
import xml.etree.ElementTree as ET
from contextlib import suppress
from itertools import combinations, pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.course.site.diagrams.draw import draw
from worker.course.site.diagrams.graph import (
    DiagramError,
    Direction,
    Edge,
    Graph,
    Group,
    Node,
)
from worker.course.site.diagrams.graph_layout import lay_out
from worker.course.site.diagrams.layers import Wire, arrange
from worker.course.site.diagrams.places import Size


def drawing(source: str) -> ET.Element:
    return ET.fromstring(draw(source))  # noqa: S314 - our own drawing


def described(source: str) -> list[str]:
    """Describe what a drawing shows."""
    text = drawing(source).findtext("desc") or ""
    return text.split("; ")


def shown(source: str) -> set[str]:
    """Return the lines of text in a drawing."""
    return {element.text or "" for element in drawing(source).iter("text")}


def classes(source: str) -> list[str]:
    return [
        e.get("class", "") for e in drawing(source).iter() if e.get("class")
    ]


@pytest.mark.parametrize(
    ("line", "edges"),
    [
        ("A --> B", ["A to B"]),
        ("A-->B-->C", ["A to B", "B to C"]),
        ("A --> B & C", ["A to B", "A to C"]),
        ("A & B --> C & D", ["A to C", "A to D", "B to C", "B to D"]),
        ("A -->|says| B", ["A, says, B"]),
        ('A -->|"f(x) | g"| B', ["A, f(x) | g, B"]),
        ("A -- says so --> B", ["A, says so, B"]),
        ("A -. says .-> B", ["A, says, B"]),
        ("A == says ==> B", ["A, says, B"]),
        ("A --- B", ["A to B"]),
        ("A -.-> B; B ==> C;", ["A to B", "B to C"]),
        ("A <--> B", ["A to B"]),
        ("A --o B --x C", ["A to B", "B to C"]),
        ("my-node.1 ----> B", ["my-node.1 to B"]),
        ("A[One] --> B(Two)", ["One to Two"]),
        ("A([One]) --> B[(Two)]", ["One to Two"]),
        ("A((One)) --> B{Two}", ["One to Two"]),
        ("A{{One}} --> B[/Two/]", ["One to Two"]),
        ("A[[One]] --> B>Two]", ["One to Two"]),
        (
            'A["f(x) [y]"] --> B["#quot;a#quot; &lt;b&gt;"]',
            ['f(x) [y] to "a" <b>'],
        ),
        ("A[One<br/>line] --> B:::big", ["One line to B"]),
        ("A --> A", ["A to A"]),
    ],
)
def test_an_arrow_of_a_flowchart_is_read(line: str, edges: list[str]) -> None:
    assert described(f"graph TD\n{line}") == edges


def test_a_header_may_share_its_line() -> None:
    assert described("graph LR; A-->B;") == ["A to B"]


def test_groups_have_frames_and_titles_and_arrows_may_lead_to_them() -> None:
    source = (
        "flowchart TB\nsubgraph one [First]\ndirection LR\nA --> B\nsubgraph two\nC\nend\n"
        "end\nC --> D\nD --> one"
    )
    assert {"First", "two", "A", "B", "C", "D"} <= shown(source)
    assert classes(source).count("group") == 2
    assert described(source) == ["A to B", "C to D", "D to one"]


def test_an_arrow_from_a_group_to_itself_is_drawn_beside_the_group() -> None:
    source = "graph TD\nsubgraph G[Title]\nA --> B\nend\nG -->|again| G"
    assert described(source) == ["A to B", "G, again, G"]
    assert "again" in shown(source)


def test_an_arrow_out_of_a_group_passes_the_nodes_in_its_way() -> None:
    graph = Graph(
        nodes={key: Node(label=key) for key in "ABC"},
        edges=[Edge(source="A", target="B"), Edge(source="A", target="C")],
        root=Group(nodes=["C"], groups=[Group(key="g", nodes=["A", "B"])]),
    )
    laid = lay_out(graph)
    middle = laid.spot(("g", "B"))
    box = laid.inner["g"].outlines["B"]
    [route] = laid.routes
    beside = [
        spot.x
        for spot in route.spots
        if abs(spot.y - middle.y) < box.height / 2
    ]
    crossing = [
        start.x
        for start, end in pairwise(route.spots)
        if start.y < middle.y < end.y
    ]
    for place in beside + crossing:
        assert abs(place - middle.x) > box.width / 2
    assert beside + crossing != []


@pytest.mark.parametrize(
    ("direction", "step"),
    [("TB", (0, 1)), ("BT", (0, -1)), ("LR", (1, 0)), ("RL", (-1, 0))],
)
def test_arrows_lead_in_the_direction_that_is_given(
    direction: str, step: tuple[int, int]
) -> None:
    graph = Graph(
        nodes={key: Node(label=key) for key in "ABC"},
        edges=[
            Edge(source="A", target="B", label="x"),
            Edge(source="B", target="C"),
        ],
        root=Group(
            direction=Direction(direction),
            nodes=["A"],
            groups=[Group(key="g", title="G", nodes=["B", "C"])],
        ),
    )
    laid = lay_out(graph)
    spots = [laid.spot(("A",)), laid.spot(("g", "B")), laid.spot(("g", "C"))]
    for first, second in pairwise(spots):
        assert (second.x - first.x) * step[0] + (second.y - first.y) * step[
            1
        ] > 30


def test_decoration_and_comments_are_passed_over() -> None:
    source = (
        "%%{init: {'theme': 'dark'}}%%\n%% a comment\ngraph TD\nA --> B %% why\n"
        "style A fill:#f00\nclassDef x fill:#fff\nclass A x\n"
        'click A href "x"\nlinkStyle 0 stroke:red'
    )
    assert described(source) == ["A to B"]


@pytest.mark.parametrize(
    ("relation", "edge", "head"),
    [
        ("A <|-- B", "A to B", "head hollow"),
        ("A --|> B", "A to B", "head hollow"),
        ("A ..|> B : implements", "A, implements, B", "head hollow"),
        ("A *-- B", "A to B", "head"),
        ("A o-- B", "A to B", "head hollow"),
        ('A "1" --> "many" B : has', "A, 1 has many, B", "head"),
        ("A ..> B", "A to B", "head"),
        ("Foo--Bar", "Foo to Bar", "edge solid"),
        ("A~T~ <|-- B", "A<T> to B", "head hollow"),
    ],
)
def test_a_relation_of_a_class_diagram_is_read(
    relation: str, edge: str, head: str
) -> None:
    source = f"classDiagram\n{relation}"
    assert described(source) == [edge]
    assert head in classes(source)


def test_members_of_a_class_are_shown() -> None:
    source = (
        'classDiagram\nclass A["The A"] {\n<<abstract>>\n+name: str\n+run(x)* bool\n}\n'
        'A : +List~int~ ages\n<<interface>> B\nclass C { +one }\nnote for A "x"'
    )
    assert shown(source) == {
        "The A", "«abstract»", "+name: str", "+run(x)* bool", "+List<int> ages",
        "B", "«interface»", "C", "+one",
    }  # fmt: skip


def test_directions_namespaces_and_notes_of_a_class_diagram_are_read() -> None:
    source = (
        "classDiagram\ndirection LR\nnamespace shop {\nclass A\nclass B {\n+x()\n}\n}\n"
        'class C <<enum>>\nA --> B\nnote "x"'
    )
    assert shown(source) == {"A", "B", "C", "+x()", "«enum»"}


def test_notes_and_bars_of_a_sequence_diagram_are_drawn() -> None:
    source = (
        "sequenceDiagram\nbox Aqua group\nparticipant A\nend\nA->>B: x\nactivate B\n"
        "Note left of A: left\nNote right of B: right\nrect rgb(1, 2, 3)\nB-->>A: y\nend\n"
        "A->>B: never ends\nloop open"
    )
    assert {"left", "right"} <= shown(source)
    assert classes(source).count("note") == 2
    assert classes(source).count("node active") == 1
    assert classes(source).count("frame-line") == 2


def test_transitions_of_a_state_diagram_are_read() -> None:
    source = (
        'stateDiagram-v2\n[*] --> A\nstate "The inner" as B {\n[*] --> C\nC --> D : text\n'
        "--\n[*] --> E\n}\nA --> B\nstate c <<choice>>\nB --> c\nc --> A : no\n"
        "A : is described\nnote right of A\nx --> y\nend note\nnote left of A : z\nc --> [*]"
    )
    assert described(source) == [
        "start to is described",
        "start B to C",
        "C, text, D",
        "start B 1 to E",
        "is described to B",
        "B to c",
        "c, no, is described",
        "c to stop",
    ]
    assert "The inner" in shown(source)
    assert classes(source).count("head") > 3


def test_messages_of_a_sequence_diagram_are_read() -> None:
    source = (
        "sequenceDiagram\nautonumber\nactor A as Alice\nparticipant B\nA->>+B: ask: why?\n"
        "B-->>-A: answer\nB-xC: lost\nC-)A: later\nA->>A: think\nNote over A,B: a note\n"
        "alt good\nA->B: yes\nelse bad\nA->>B: no\nend\nloop often\nA->>B: x\nend"
    )
    assert described(source) == [
        "Alice to B: ask: why?",
        "B to Alice: answer",
        "B to C: lost",
        "C to Alice: later",
        "Alice to Alice: think",
        "Alice to B: yes",
        "Alice to B: no",
        "Alice to B: x",
    ]
    assert {
        "1. ask: why?",
        "a note",
        "alt",
        "[good]",
        "[bad]",
        "loop",
    } <= shown(source)


@pytest.mark.parametrize(
    ("source", "because"),
    [
        ("", "it has no kind of diagram in its first line"),
        ("gantt\ntitle x", "`gantt` is not a kind of diagram that is drawn here"),
        ("graph TD", "it has no nodes"),
        ("graph TD\nA --> [", "`[` is not understood"),
        ("graph TD\nA[open", "a bracket is not closed"),
        ('graph TD\nA["open]', "a bracket is not closed"),
        ("graph TD\nA ??? B", "`??? B` is not understood"),
        ("graph TD\nend", "it closes a group that is not open"),
        ("graph TD\n" + "subgraph x\n" * 30, "its groups are nested too deeply"),
        (
            "graph TD\nsubgraph x\nA\nend\nx --> A",
            "an arrow leads from a group into the same group",
        ),
        (("graph TD\nsubgraph x\nA\nend\n"
        "subgraph x\nB\nend"), "two of its groups have the same name"),
        ("graph TD\n" + "\n".join(f"A{n}" for n in range(99)), "it has 99 nodes and 0 arrows"),
        ("graph TD\n" + "x" * 5_000, "one of its lines is too long"),
        ("graph TD\n" + "A-->B\n" * 9_000, "its text is too long"),
        ("classDiagram\nA ?? B", "`A ?? B` is not understood"),
        ("sequenceDiagram\nA says B", "`A says B` is not understood"),
        ("sequenceDiagram", "it has no participants"),
        ("sequenceDiagram\n" + "A->>B: x\n" * 200, "it has 200 events"),
        ("sequenceDiagram\n" + "loop x\n" * 30 + "A->>B: x", "its frames are nested too deeply"),
    ],
)  # fmt: skip
def test_the_reason_why_a_diagram_cannot_be_drawn_is_reported(
    source: str, because: str
) -> None:
    with pytest.raises(DiagramError, match=re.escape(because)):
        draw(source)


TANGLE: Final = "\n".join(
    f"N{a}-->|x|N{b}" for a in range(18) for b in range(18) if (a * b) % 3 == 1
)


@pytest.mark.parametrize(
    "source",
    [
        f"graph TD\n{TANGLE}",
        "graph TD\n"
        + "\n".join(f"N{n}-->|x|N{n + 1}" for n in range(79))
        + "\nN79-->N0" * 80,
        "graph TD\n" + "A-->" * 200 + "A",
        "graph TD\nA[" + "x" * 900 + "]",
        "graph TD\nA-- " + "- " * 450 + "B",
        "classDiagram\nA" + "~x" * 400,
        "classDiagram\nclass A" + "~" * 900,
        'classDiagram\nA "' + '" "' * 300 + " -- B",
        "sequenceDiagram\nA" + ">" * 900 + "B",
        "sequenceDiagram\nA{0}->{0}B{0};".format(" " * 300),
        "sequenceDiagram\nnote over{0}A{0}".format("\t" * 450),
        "sequenceDiagram\n"
        + "\n".join(f"A{n}->>A{n + 1}: {'word ' * 50}" for n in range(15)),
    ],
)
def test_a_large_or_malicious_diagram_takes_no_time(source: str) -> None:
    before = time.process_time()
    with suppress(DiagramError):
        draw(source)
    assert time.process_time() - before < 3


PIECES: Final = {
    "graph TD": """
        A B C D --> --- |x| -. y .-> ==> <--> & [l] (r) {d} ((c)) [(d)] end ; "q" :::k ~~~ A-->A g
        """,
    "classDiagram": """
        A B <|-- --> : { } +m() <<i>> ["x"] ~T~ ..> *-- "1" note
        """,
    "stateDiagram-v2": """
        A B --> [*] : { } <<choice>> state note
        """,
    "sequenceDiagram": """
        A B ->> -->> -x -) : t + - A->>B: end A->>A:
        """,
}
LINES: Final = {
    "graph TD": ["subgraph g\n", "subgraph h[T]\n", "direction LR\n", "end\n", "A-->|x|h\n"],
    "classDiagram": ["class A {\n", "}\n", "namespace N {\n", "A <|-- B : x\n"],
    "stateDiagram-v2": ["state B {\n", "}\n", "[*] --> A\n", "A --> B : x\n", "--\n"],
    "sequenceDiagram": [
        "loop x\n", "alt y\n", "else z\n", "end\n", "Note over A: n\n", "activate A\n",
        "A->>+B: x\n",
    ],
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("kind", PIECES)
def test_any_text_is_drawn_or_refused(kind: str, data: st.DataObject) -> None:
    pieces = st.sampled_from([*PIECES[kind].split(), *LINES[kind], "\n", " "])
    source = "".join([kind, "\n", *data.draw(st.lists(pieces, max_size=30))])
    with suppress(DiagramError):
        drawing(source)


def test_boxes_of_a_rank_do_not_overlap_and_arrows_lead_down() -> None:
    sizes = [Size(across=40.0 + 30 * (n % 4), along=30) for n in range(20)]
    pairs = [
        (a, b) for a, b in combinations(range(20), 2) if (7 * a + b) % 6 == 0
    ]
    wires = [
        Wire(source=a, target=b, label=Size(across=50, along=18))
        for a, b in pairs
    ]
    arrangement = arrange(sizes, wires)
    centers = arrangement.centers
    for first, second in combinations(range(20), 2):
        if centers[first].along == centers[second].along:
            apart = abs(centers[first].across - centers[second].across)
            assert apart >= (sizes[first].across + sizes[second].across) / 2
    for wire, route in zip(wires, arrangement.routes, strict=True):
        assert centers[wire.source].along < centers[wire.target].along
        assert [point.along for point in route] == sorted(
            point.along for point in route
        )


def test_parts_that_are_not_connected_are_near_to_each_other() -> None:
    sizes = [Size(across=40, along=30)] * 9
    wires = [Wire(source=0, target=n) for n in range(1, 6)]
    wires += [Wire(source=6, target=7)]
    centers = arrange(sizes, wires).centers
    assert centers[8].across - centers[6].across == 68
    assert centers[7].across - centers[5].across == 68


def test_a_circle_is_drawn_with_one_arrow_that_leads_back() -> None:
    sizes = [Size(across=40, along=30)] * 3
    wires = [Wire(source=n, target=(n + 1) % 3) for n in range(3)]
    arrangement = arrange(sizes, wires)
    back = arrangement.routes[2]
    assert back[0].along > back[-1].along


@pytest.mark.parametrize("direction", ["TD", "LR", "BT", "RL"])
def test_the_text_of_an_arrow_that_leads_back_is_inside_the_drawing(
    direction: str,
) -> None:
    arrows = 'A --> B --> C\nC -->|"comes back by a long way"| A'
    svg = drawing(f"graph {direction}\n{arrows}")
    left, top, width, height = map(float, svg.get("viewBox", "").split())
    backgrounds = [
        rect for rect in svg.iter("rect") if rect.get("class") == "paper"
    ]
    assert backgrounds
    for rect in backgrounds:
        x, y = float(rect.get("x", "")), float(rect.get("y", ""))
        assert left <= x <= left + width - float(rect.get("width", ""))
        assert top <= y <= top + height - float(rect.get("height", ""))


def test_a_wide_drawing_is_turned_downward_where_that_is_narrower() -> None:
    chain = "-->".join(f"A_long_name_of_a_node_{n}" for n in range(8))
    assert float(drawing(f"graph LR\n{chain}").get("width", "")) < 400
    assert float(drawing("graph LR\nA-->B-->C").get("width", "")) > 150
