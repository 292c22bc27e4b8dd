"""Every interleaving of the protocol's steps; `FONDATION_MODEL=full` looks at a crash and an operator at once, too."""

import os
from collections import deque
from dataclasses import dataclass, field, fields, replace
from functools import cache

import pytest

from states.interleavings import steps
from states.protocol import Entry, Guards, Phase, World, canonical, violations

LONGEST_LOG = 4
ALL = Guards()


@dataclass
class Explored:
    """All states that can be reached, by number, and from which others each follows."""

    worlds: list[World] = field(default_factory=list)
    before: list[list[int]] = field(default_factory=list)
    broken: dict[str, World] = field(default_factory=dict)


@cache
def explore(start: World, guards: Guards = ALL, *, until_broken: bool = False) -> Explored:
    explored = Explored(worlds=[start], before=[[]])
    numbers = {start: 0}
    for number, world in enumerate(explored.worlds):  # grows meanwhile
        if until_broken and explored.broken:
            break
        if len(world.log) >= LONGEST_LOG:
            continue
        for step in steps(world, guards):
            after = canonical(step, guards)
            known = numbers.setdefault(after, len(explored.worlds))
            if known == len(explored.worlds):
                explored.worlds.append(after)
                explored.before.append([])
                explored.broken |= dict.fromkeys(violations(after), after)
            explored.before[known].append(number)
    return explored


def hopeless(explored: Explored) -> list[World]:
    """Return the states from which neither the job's end is reached, nor a place where only a new run is needed."""

    def is_end(world: World) -> bool:
        nobody = all(process.phase is Phase.GONE for process in world.processes)
        return world.ended or nobody or len(world.log) >= LONGEST_LOG

    hopeful = {number for number, world in enumerate(explored.worlds) if is_end(world)}
    waiting = deque(hopeful)
    while waiting:
        more = set(explored.before[waiting.popleft()]) - hopeful
        hopeful |= more
        waiting.extend(more)
    return [world for number, world in enumerate(explored.worlds) if number not in hopeful]


STARTS = {
    "two runs": World(crashes=0, cancels=0),
    "two runs and an operator": World(crashes=0, cancels=1),
    "two runs, one of which crashes": World(crashes=1, cancels=0),
}
if os.environ.get("FONDATION_MODEL") == "full":
    STARTS["two runs, a crash and an operator"] = World(crashes=1, cancels=1)


@pytest.mark.parametrize("name", STARTS)
def test_no_interleaving_breaks_an_invariant_and_each_can_come_to_an_end(name: str) -> None:
    explored = explore(STARTS[name])
    assert explored.broken == {}
    assert hopeless(explored) == []
    assert any(world.ended for world in explored.worlds)
    print(f"{name}: {len(explored.worlds)} states")  # noqa: T201 - shown with `pytest -rP`


@pytest.mark.parametrize("rule", [one.name for one in fields(Guards)])
def test_each_rule_is_needed(rule: str) -> None:
    without = replace(ALL, **{rule: False})
    assert explore(World(crashes=0, cancels=0), without, until_broken=True).broken


def test_an_operators_request_reaches_the_owner_and_ends_the_job_under_its_run_number() -> None:
    explored = explore(World(crashes=0, cancels=1))
    ends = [
        [checkpoint.entry for checkpoint in world.log]
        for world in explored.worlds
        if world.ended and {checkpoint.run for checkpoint in world.log} == {1}
    ]
    assert [Entry.CLAIM, Entry.CANCEL, Entry.END] in ends
