"""Diagrams that Mermaid parses with any labels, and our own check of diagrams."""

import json
import random

import pytest

from tests.support import mermaid as real
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.mermaid import (
    MAX_LABEL,
    Arrow,
    Extension,
    FlowEdge,
    arrows,
    class_diagram,
    fault,
    flowchart,
)

TEXT = """
end class subgraph graph note direction default style click
%% %%{init:{}}%% --- </div> <script> #quot; #35; &amp; `x`
" ' [ ] { } ( ) | : ; :: ~T~ <<x>> $$x$$ * $ o x --> --|> @
\\ \u202e 日本語 é 🙂 _ __init__ + - # ~ a.b a,b 1 href call
callback link namespace state constructor __proto__ operator() ()() \\n
"""
WORDS = TEXT.split()


def labels(seed: int, count: int) -> list[str]:
    """Return texts that are syntax to Mermaid."""
    chance = random.Random(seed)  # noqa: S311 - the same ones every time
    return [
        "".join(chance.choices(WORDS, k=chance.randint(1, 4)))
        for _ in range(count)
    ]


def diagram(seed: int) -> str:
    names = labels(seed, 3)
    if seed % 2:
        arrow = [Arrow.EXTENDS, Arrow.IMPLEMENTS][seed % 3 % 2]
        extension = Extension(base=0, derived=1, arrow=arrow)
        return class_diagram(names, [extension])
    if seed % 3:
        return flowchart(names, [FlowEdge(source=0, target=1, label="calls")])
    return arrows([(names[0], names[1]), (names[1], names[2])])


def test_mermaid_reads_diagrams_with_any_labels() -> None:
    nodes = [flowchart([label], []) for label in WORDS]
    classes = [
        class_diagram(
            [label, label.title()],
            [Extension(base=0, derived=1, arrow=Arrow.EXTENDS)],
        )
        for label in WORDS
    ]
    diagrams = [*nodes, *classes, *(diagram(seed) for seed in range(120))]
    faults_by_diagram = dict(
        zip(map(json.dumps, diagrams), real.faults(diagrams), strict=True)
    )
    assert {
        text: fault for text, fault in faults_by_diagram.items() if fault
    } == {}


def test_mermaid_itself_refuses_what_is_not_a_diagram() -> None:
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
        ("flowchart LR\n  end", "does not fit"),
        ('flowchart LR\n  n0["a"]\n  n1 --> n0', "does not fit"),
        ('flowchart LR\n  n0["a"]-->n1', "does not fit"),
        ("classDiagram\n  C0<|--Base", "does not fit"),
        ("classDiagram\n  Base<|--end", "does not fit"),
        ('classDiagram\n  class C0["a"] {\n    +run()', "does not fit"),
        ('classDiagram\n  class C0["a"]\n  click C0 href "x"', "does not fit"),
    ],
)
def test_our_own_test_says_what_is_wrong(text: str, why: str) -> None:
    assert why in (fault(text) or "")


def test_labels_are_cut_and_never_empty() -> None:
    assert mermaid.label("x" * 100) == "x" * (MAX_LABEL - 3) + "..."
    assert mermaid.label(" \n ") == "#63;"
