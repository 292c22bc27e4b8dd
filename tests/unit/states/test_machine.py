"""The table of transitions."""

import re
from itertools import product

import pytest

from states.machine import (
    _MACHINE,
    TABLE,
    Event,
    IllegalTransitionError,
    advance,
    diagram,
    entry,
)
from states.stages import STAGES, TERMINAL, Stage, State

PAIRS = list(product(State, Event))
LEGAL = [(state, event) for state, event in PAIRS if event in TABLE[state]]
ILLEGAL = [pair for pair in PAIRS if pair not in LEGAL]


def test_every_state_has_a_row() -> None:
    assert set(TABLE) == set(State)


@pytest.mark.parametrize(("state", "event"), LEGAL)
def test_a_legal_event_leads_where_the_table_says(
    state: State, event: Event
) -> None:
    assert advance(state, event) is TABLE[state][event]


@pytest.mark.parametrize(("state", "event"), ILLEGAL)
def test_any_other_event_is_refused_and_names_state_and_event(
    state: State, event: Event
) -> None:
    with pytest.raises(
        IllegalTransitionError, match=f"{event} in state {state}"
    ):
        advance(state, event)


def test_a_refused_event_leaves_nothing_behind_for_the_next_one() -> None:
    with pytest.raises(IllegalTransitionError):
        advance(State.COMPLETED, Event.ADVANCE)
    assert advance(State.CLONING, Event.ADVANCE) is State.EXTRACTING
    assert not _MACHINE.models, "a long-lived process would collect models"


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_only_an_operators_resume_leaves_a_terminal_state(state: State) -> None:
    assert TABLE[state] == {Event.REOPEN: State.PENDING}


def test_every_state_can_be_reached() -> None:
    reached = {State.PENDING}
    while (
        more := {
            target for state in reached for target in TABLE[state].values()
        }
        - reached
    ):
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
def test_a_job_that_is_not_over_can_be_canceled_and_claimed(
    state: State,
) -> None:
    assert advance(state, Event.CANCEL) is State.CANCELED
    assert advance(state, Event.CLAIM) is State.PENDING


@pytest.mark.parametrize("stage", Stage)
def test_a_pending_job_can_enter_every_stage(stage: Stage) -> None:
    state = next(info.state for info in STAGES if info.stage is stage)
    assert advance(State.PENDING, entry(stage)) is state


def test_a_pending_job_with_nothing_left_to_make_enters_publishing() -> None:
    assert advance(State.PENDING, entry(None)) is State.PUBLISHING


def test_the_stages_follow_each_other_up_to_publishing() -> None:
    state, seen = State.CLONING, [State.CLONING]
    while Event.ADVANCE in TABLE[state]:
        state = advance(state, Event.ADVANCE)
        seen.append(state)
    assert seen == [*(info.state for info in STAGES), State.PUBLISHING]


def test_the_diagram_draws_every_transition_of_the_table_once() -> None:
    first, *lines = diagram().splitlines()
    assert first == "stateDiagram-v2"
    opened, closed = lines.index("    state working {"), lines.index("    }")
    arrows = re.findall(
        r"^ +(\S+) --> (\S+?)(?:: (\S+))?$", "\n".join(lines), re.MULTILINE
    )
    assert len(arrows) == len(lines) - 2
    assert ("[*]", "pending", "") in arrows
    working = [*(info.state for info in STAGES), State.PUBLISHING]
    drawn = [
        (source, event, target)
        for name, target, event in arrows
        for source in (working if name == "working" else [name])
        if name != "[*]"
    ]
    assert sorted(drawn) == sorted(
        (source, event, target)
        for source, row in TABLE.items()
        for event, target in row.items()
    )
    # Inside the box, all arrows connect working states.
    inside = re.findall(r"(\S+) --> (\S+):", "\n".join(lines[opened:closed]))
    assert {state for arrow in inside for state in arrow} == set(working)


def test_no_transition_bypasses_the_table() -> None:
    assert set(_MACHINE.events) == set(Event)
