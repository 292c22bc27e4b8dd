"""The learning order, and the reason for each position."""

from worker.engines.static.choosing.encounters import Encounter, Source
from worker.engines.static.choosing.learning_order import Meeting, order
from worker.engines.static.facts import Relation, Unit, Verb


def unit(name: str) -> Unit:
    return Unit(name=name, description="", file_paths=(), symbols=(), owned=())


def relation(source: int, target: int, verb: Verb = Verb.USES) -> Relation:
    return Relation(
        source=source,
        target=target,
        verb=verb,
        path="a.py",
        line=source + 1,
        code="",
    )


def met(source: Source, line: int, name: str) -> Meeting:
    return Encounter(source, 0, line, 0, "README.md"), name


def ordered(
    count: int, *relations: Relation, **meetings: Meeting
) -> tuple[str, list[str]]:
    """Return the names of units called A, B, C … in their order, and the reasons."""
    names = "ABCDEFGH"[:count]
    steps = order(
        [unit(name) for name in names],
        relations,
        {names.index(name): meeting for name, meeting in meetings.items()},
    )
    return "".join(names[step.unit] for step in steps), [
        step.reasoning for step in steps
    ]


def test_units_are_ordered_as_a_user_meets_them() -> None:
    units, _ = ordered(
        3,
        relation(1, 2),
        A=met(Source.GUIDE, 1, "A"),
        B=met(Source.README, 1, "B"),
        C=met(Source.README_EXAMPLE, 9, "C"),
    )
    assert units == "CBA"


def test_units_that_users_do_not_meet_come_after_those_they_are_connected_with() -> (
    None
):
    units, _ = ordered(
        4, relation(0, 3), relation(3, 2), C=met(Source.README, 1, "C")
    )
    assert units == "CDAB"


def test_circular_relations_do_not_loop() -> None:
    units, _ = ordered(3, relation(0, 1), relation(1, 2), relation(2, 0))
    assert sorted(units) == ["A", "B", "C"]


def test_the_reason_is_where_a_user_meets_it() -> None:
    _, reasons = ordered(1, A=met(Source.README_EXAMPLE, 7, "open_door"))
    assert reasons == ["The README's code names `open_door` (README.md:7)."]


def test_the_reason_of_others_is_a_relation_to_an_earlier_unit() -> None:
    _, reasons = ordered(
        3, relation(0, 1, Verb.CREATES), A=met(Source.README, 1, "A")
    )
    assert reasons[1:] == [
        "It comes after A, which creates B (a.py:1).",
        "No relationship on this course's map leads to an earlier chapter.",
    ]


def test_a_part_that_is_met_in_the_same_guide_comes_before_what_needs_it() -> (
    None
):
    units, _ = ordered(
        3,
        relation(1, 2, Verb.CREATES),
        A=met(Source.README, 1, "A"),
        B=met(Source.GUIDE, 5, "B"),
        C=met(Source.GUIDE, 9, "C"),
    )
    assert units == "ACB"


def test_parts_of_each_other_and_what_a_readme_names_keep_their_places() -> (
    None
):
    meetings = {
        "A": met(Source.README, 1, "A"),
        "B": met(Source.README, 5, "B"),
        "C": met(Source.DOCUMENT, 7, "C"),
        "D": met(Source.DOCUMENT, 9, "D"),
    }
    units, _ = ordered(
        4,
        relation(1, 2, Verb.CREATES),
        relation(2, 3, Verb.CALLS),
        relation(3, 2, Verb.HOLDS),
        **meetings,
    )
    assert units == "ABCD"


def test_a_base_comes_before_what_extends_it() -> None:
    units, _ = ordered(
        4,
        relation(1, 3, Verb.INHERITS),
        A=met(Source.README, 1, "A"),
        B=met(Source.GUIDE, 5, "B"),
        C=met(Source.GUIDE, 7, "C"),
    )
    assert units == "ADBC"
