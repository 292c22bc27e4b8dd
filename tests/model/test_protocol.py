"""Every interleaving of the protocol's steps, up to a length of the log.

`FONDATION_MODEL=full` looks at a longer log, at a crash and an operator at once, and at the model
without its simplifications, too.
"""

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import pytest

from tests.model.canonical import canonical
from tests.model.interleavings import steps
from tests.model.protocol import (
    LEASE,
    Entry,
    Guards,
    Phase,
    World,
    may_write_for,
    violations,
)

FULL: Final = os.environ.get("FONDATION_MODEL") == "full"
LONGEST_LOG: Final = 4
ALL: Final = Guards()
TWO_RUNS: Final = World()
AN_OPERATOR_CANCELS: Final = World(cancels=1)
AN_OPERATOR_TAKES_OVER: Final = World(takeovers=1)
SHARED: Final = {TWO_RUNS, AN_OPERATOR_CANCELS, AN_OPERATOR_TAKES_OVER}

Simplify = Callable[[World, Guards], World]


@dataclass
class Explored:
    """All reachable states, by number, and the predecessors of each."""

    worlds: list[World] = field(default_factory=list)
    before: list[list[int]] = field(default_factory=list)
    broken: dict[str, World] = field(default_factory=dict)


def explore(
    start: World,
    guards: Guards = ALL,
    *,
    longest: int = LONGEST_LOG,
    until_broken: bool = False,
    simplify: Simplify = canonical,
) -> Explored:
    explored = Explored(worlds=[start], before=[[]])
    numbers = {start: 0}
    for number, world in enumerate(explored.worlds):  # the loop adds to it
        if until_broken and explored.broken:
            break
        if len(world.log) >= longest:
            continue
        for step in steps(world, guards):
            after = simplify(step, guards)
            known = numbers.setdefault(after, len(explored.worlds))
            if known == len(explored.worlds):
                explored.worlds.append(after)
                explored.before.append([])
                explored.broken |= dict.fromkeys(
                    violations(after, guards), after
                )
            explored.before[known].append(number)
    return explored


@cache
def explore_all(start: World) -> Explored:
    """Explore worlds that several tests use."""
    return explore(start)


def dead_ends(explored: Explored, longest: int) -> list[World]:
    """Return the states that lead neither to the job's end nor to a state without runs."""

    def is_end(world: World) -> bool:
        all_gone = all(
            process.phase is Phase.GONE for process in world.processes
        )
        return world.ended or all_gone or len(world.log) >= longest

    ending = {
        number for number, world in enumerate(explored.worlds) if is_end(world)
    }
    waiting = deque(ending)
    while waiting:
        more = set(explored.before[waiting.popleft()]) - ending
        ending |= more
        waiting.extend(more)
    return [
        world
        for number, world in enumerate(explored.worlds)
        if number not in ending
    ]


STARTS = {
    "two runs": TWO_RUNS,
    "two runs, one of which crashes": World(crashes=1),
    "two runs, and an operator who cancels": AN_OPERATOR_CANCELS,
    "two runs, and an operator who takes over": AN_OPERATOR_TAKES_OVER,
}
if FULL:
    STARTS |= {
        "two runs, a crash and a cancel": World(crashes=1, cancels=1),
        "two runs, a crash and a takeover": World(crashes=1, takeovers=1),
        "two runs, a cancel and a takeover": World(cancels=1, takeovers=1),
    }

BROKEN_WITHOUT = {
    "create_only": (TWO_RUNS, "finality"),
    "own_requests_only": (AN_OPERATOR_TAKES_OVER, "fence"),
    "wait_for_lease": (TWO_RUNS, "exclusion"),
    "use_heartbeats": (TWO_RUNS, "exclusion"),
    "use_checkpoints": (TWO_RUNS, "exclusion"),
    "exceed_whole_seconds": (TWO_RUNS, "exclusion"),
    "count_claim_from_before": (TWO_RUNS, "exclusion"),
    "count_beat_from_before": (TWO_RUNS, "exclusion"),
    "append_after_silence": (TWO_RUNS, "exclusion"),
    "append_within_lease": (TWO_RUNS, "exclusion"),
    "look_at_log": (AN_OPERATOR_TAKES_OVER, "notice"),
    "look_before_write": (TWO_RUNS, "exclusion"),
    "cut_off": (TWO_RUNS, "exclusion"),
    "silent_release": (TWO_RUNS, "exclusion"),
    "hang_up": (TWO_RUNS, "silence"),
}


@pytest.mark.parametrize("name", STARTS)
def test_no_interleaving_breaks_an_invariant_and_each_can_come_to_an_end(
    name: str,
) -> None:
    start = STARTS[name]
    explored = explore_all(start) if start in SHARED else explore(start)
    assert explored.broken == {}
    assert dead_ends(explored, LONGEST_LOG) == []
    assert any(world.ended for world in explored.worlds)
    print(f"{name}: {len(explored.worlds)} states")  # noqa: T201 - shown with `-rP`


def test_no_interleaving_of_a_longer_log_breaks_an_invariant() -> None:
    explored = explore(TWO_RUNS, longest=6)
    assert explored.broken == {}
    assert dead_ends(explored, 6) == []
    print(f"a log of 6: {len(explored.worlds)} states")  # noqa: T201 - shown with `-rP`


@pytest.mark.parametrize("rule", Guards._fields)
def test_each_rule_is_needed(rule: str) -> None:
    start, invariant = BROKEN_WITHOUT[rule]
    explored = explore(start, ALL._replace(**{rule: False}), until_broken=True)
    assert list(explored.broken) == [invariant]


if FULL:
    # Without create-only, the full exploration does not end.
    @pytest.mark.parametrize(
        "rule", sorted({*BROKEN_WITHOUT} - {"create_only"})
    )
    def test_the_simplifications_hide_no_violation(rule: str) -> None:
        start, guards = BROKEN_WITHOUT[rule][0], ALL._replace(**{rule: False})
        whole = explore(
            start,
            guards,
            longest=2,
            until_broken=True,
            simplify=lambda world, _: world,
        )
        small = explore(start, guards, longest=2, until_broken=True)
        assert small.broken.keys() == whole.broken.keys()


def test_nothing_is_broken_that_simplifying_hides() -> None:
    assert (
        explore(TWO_RUNS, longest=2, simplify=lambda world, _: world).broken
        == {}
    )


def test_an_owner_lives_by_its_heartbeats() -> None:
    explored = explore_all(TWO_RUNS)
    assert any(
        world.age > LEASE
        and any(may_write_for(process, ALL) for process in world.processes)
        for world in explored.worlds
    )


def test_a_run_that_an_operator_has_replaced_may_write_until_its_next_look() -> (
    None
):
    explored = explore_all(AN_OPERATOR_TAKES_OVER)
    assert any(
        may_write_for(process, ALL) and process.run < world.owner
        for world in explored.worlds
        for process in world.processes
    )


def test_an_operators_request_reaches_the_owner_and_ends_the_job_under_its_run_number() -> (
    None
):
    explored = explore_all(AN_OPERATOR_CANCELS)
    assert any(
        world.ended
        and world.owner == 1
        and Entry.CANCEL in {checkpoint.entry for checkpoint in world.log}
        for world in explored.worlds
    )
