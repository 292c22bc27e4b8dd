"""The order of learning, and the reason that is given for each place."""

from worker.engines.static.choosing.learning_order import order, strengths
from worker.engines.static.facts import Relation, Unit, Verb


def unit(name: str) -> Unit:
    return Unit(name=name, description="", file_paths=(), symbols=(), owned=())


def relation(
    source: int, target: int, verb: Verb = Verb.USES, count: int = 1
) -> Relation:
    return Relation(
        source=source,
        target=target,
        verb=verb,
        path="a.py",
        line=source + 1,
        code="",
        count=count,
    )


def ordered(count: int, *relations: Relation) -> tuple[list[int], list[str]]:
    """Return the places of units called A, B, C … in the order, and the reasons."""
    steps = order(
        [unit("ABCDEFGH"[place]) for place in range(count)],
        relations,
        strengths(relations),
    )
    return [step.unit for step in steps], [step.reasoning for step in steps]


def test_the_first_unit_comes_first_whatever_it_builds_on() -> None:
    assert ordered(2, relation(0, 1))[0] == [0, 1]


def test_what_others_build_on_comes_before_them() -> None:
    assert ordered(4, relation(1, 2), relation(2, 3), relation(1, 3))[0] == [
        0,
        3,
        2,
        1,
    ]


def test_a_base_comes_before_what_extends_it() -> None:
    assert ordered(3, relation(1, 2, Verb.INHERITS))[0] == [0, 2, 1]


def test_circles_end() -> None:
    placed, _ = ordered(
        4, relation(1, 2), relation(2, 3), relation(3, 1), relation(0, 0)
    )
    assert sorted(placed) == [0, 1, 2, 3]


def test_every_place_has_its_reason() -> None:
    _, reasons = ordered(3, relation(0, 1, Verb.CREATES))
    assert reasons == [
        "A comes first: newcomers to this project meet it before anything else.",
        "It comes after A, which creates B (a.py:1).",
        "C stands alone: nothing before it uses it, and it uses nothing before it.",
    ]


def test_reasons_tell_what_is_known_before_and_what_needs_it_after() -> None:
    _, reasons = ordered(
        3, relation(1, 0), relation(2, 1, Verb.CALLS), relation(2, 0)
    )
    assert (
        reasons[1]
        == "It comes after A, which B uses (a.py:2). It comes before C, which calls B (a.py:3)."
    )


def test_strengths_are_shares_of_all_that_a_unit_does() -> None:
    assert strengths([relation(0, 1), relation(0, 2, Verb.INHERITS), relation(1, 2, count=4)]) == {
        (0, 1): 0.25, (0, 2): 0.75, (1, 2): 1.0,
    }  # fmt: skip
