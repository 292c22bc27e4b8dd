"""Diagrams that Mermaid parses whatever stands in them, and our own test of that."""

import json
import random

import pytest

from tests.support import mermaid as real
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.mermaid import (
    MAX_LABEL,
    Arrow,
    Box,
    Edge,
    class_diagram,
    fault,
    flowchart,
)

SAID = """
end class subgraph graph note direction default style click
%% %%{init:{}}%% --- </div> <script> #quot; #35; &amp; `x`
" ' [ ] { } ( ) | : ; :: ~T~ <<x>> $$x$$ * $ o x --> --|> @
\\ \u202e 日本語 é 🙂 _ __init__ + - # ~ a.b a,b 1 href call
callback link namespace state constructor __proto__ operator() ()() \\n
"""
WORDS = SAID.split()


def labels(seed: int, count: int) -> list[str]:
    """Return texts that mean something to Mermaid."""
    chance = random.Random(seed)  # noqa: S311 - the same ones every time
    return [
        "".join(chance.choices(WORDS, k=chance.randint(1, 4)))
        for _ in range(count)
    ]


def diagram(seed: int) -> str:
    one, two, three, four = labels(seed, 4)
    kinds = [Arrow.EXTENDS, Arrow.IMPLEMENTS, Arrow.USES]
    edges = [
        Edge(
            source=0,
            target=1,
            label="calls" * (seed % 2),
            arrow=kinds[seed % 3],
        )
    ]
    if seed % 2:
        boxes = [
            Box(
                label=one,
                members=(f"+{two}", f"-{three}()"),
                stereotype="interface",
            ),
            Box(label=four),
        ]
        return class_diagram(boxes, edges)
    return flowchart(
        [
            Box(label=one, group=two),
            Box(label=three),
            Box(label=four, group=two),
        ],
        edges,
    )


def test_mermaid_reads_every_diagram_whatever_its_labels() -> None:
    singles = [flowchart([Box(label=word)], []) for word in WORDS]
    members = [
        class_diagram([Box(label=word, members=(f"+{word}", word))], [])
        for word in WORDS
    ]
    diagrams = [*singles, *members, *(diagram(seed) for seed in range(120))]
    found = dict(
        zip(map(json.dumps, diagrams), real.faults(diagrams), strict=True)
    )
    assert {one: fault for one, fault in found.items() if fault} == {}


def test_mermaid_itself_refuses_what_is_no_diagram() -> None:
    assert all(real.faults(['flowchart LR\n  n0["a]', "no diagram"]))


@pytest.mark.parametrize("seed", range(20))
def test_our_own_test_agrees_with_every_diagram_of_ours(seed: int) -> None:
    assert fault(diagram(seed)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pie\n  x", "it begins with 'pie'"),
        ("flowchart LR", "it begins with 'flowchart LR'"),
        ('flowchart LR\n  n0["a"b"]', "does not fit"),
        ('flowchart LR\n  n0["a"]\n  n0 --> n1', "does not fit"),
        (
            'flowchart LR\n  subgraph g0["a"]\n    n0["b"]',
            "a frame is not closed",
        ),
        ("flowchart LR\n  end", "does not fit"),
        (
            'classDiagram\n  class C0["a"] {\n    +run()',
            "a frame is not closed",
        ),
        ('classDiagram\n  class C0["a"]\n  click C0 href "x"', "does not fit"),
    ],
)
def test_our_own_test_says_what_is_wrong(text: str, why: str) -> None:
    assert why in (fault(text) or "")


def test_labels_are_cut_and_never_empty() -> None:
    assert mermaid.label("x" * 100) == "x" * (MAX_LABEL - 3) + "..."
    assert mermaid.label(" \n ") == "#63;"


def test_nodes_of_a_group_stand_in_one_frame() -> None:
    drawn = flowchart(
        [
            Box(label="a", group="x.py"),
            Box(label="b"),
            Box(label="c", group="x.py"),
        ],
        [Edge(source=0, target=1)],
    )
    assert drawn.split("\n") == [
        "flowchart LR",
        '  n1["b"]',
        '  subgraph g0["x.py"]',
        '    n0["a"]',
        '    n2["c"]',
        "  end",
        "  n0 --> n1",
    ]
