"""The diagram of a whole course."""

from worker.course.formats import Relationship
from worker.course.site.contents import Contents
from worker.course.site.overview import mermaid, overview


def contents(*pairs: tuple[int, int]) -> Contents:
    relationships = tuple(
        Relationship(source=source, target=target, label="uses", evidence="")
        for source, target in pairs
    )
    return Contents(
        project="shop",
        summary="",
        entries=[],
        names=[f"part {number}" for number in range(20)],
        relationships=relationships,
    )


def drawn(*pairs: tuple[int, int]) -> list[tuple[str, str]]:
    graph = overview(contents(*pairs))
    assert graph is not None
    return [(edge.source, edge.target) for edge in graph.edges]


def test_the_largest_connected_part_of_relationships_is_drawn() -> None:
    assert drawn((0, 1), (2, 3), (3, 4)) == [
        ("part 2", "part 3"),
        ("part 3", "part 4"),
    ]


def test_relations_between_chapters_are_drawn_before_others() -> None:
    apart = [(number, number + 1) for number in range(0, 14, 2)]
    again = [(1, 0)] * 6
    bridges = [(number, number + 1) for number in range(1, 13, 2)]
    shown = drawn(*apart, *again, *bridges)
    assert len(shown) == len(apart) + len(bridges)
    assert ("part 1", "part 0") not in shown


def test_a_diagram_as_text_holds_no_character_that_mermaid_reads() -> None:
    names = ['part "0"]\n```', "part_1: x"]
    graph = overview(contents((0, 1))._replace(names=names))
    assert graph is not None
    assert mermaid(graph) == (
        'flowchart TD\n  n0["part #34;0#34;#93; #96;#96;#96;"]\n'
        '  n1["part_1#58; x"]\n  n0 -->|"uses"| n1'
    )
