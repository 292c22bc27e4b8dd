"""The transition table, and the state machine built from it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from transitions import Machine, MachineError

from states.stages import STAGE_OF, Stage, State


class Event(StrEnum):
    """The events that change a job's state."""

    CLAIM = "claim"
    """A run starts the job or takes it over; next it enters the first unfinished stage."""
    ENTER_CLONE = "enter_clone"
    ENTER_EXTRACT = "enter_extract"
    ENTER_ANALYZE = "enter_analyze"
    ENTER_ORDER = "enter_order"
    ENTER_GENERATE_CHAPTERS = "enter_generate_chapters"
    ENTER_REVIEW_CHAPTERS = "enter_review_chapters"
    ENTER_GENERATE_TUTORIALS = "enter_generate_tutorials"
    ENTER_PUBLISHING = "enter_publishing"
    PIN = "pin"
    """The commit is known; the job keeps it even if the branch moves."""
    ADVANCE = "advance"
    """The stage is finished; the next one begins."""
    REPAIR = "repair"
    """A stored artifact is damaged; the job returns to the stage that made it."""
    COMPLETE = "complete"
    FAIL = "fail"
    """The job failed for good; a retry would fail the same way."""
    INTERRUPT = "interrupt"
    """The run ends before the job does; the next run resumes it."""
    CANCEL = "cancel"
    REOPEN = "reopen"
    """An operator resumes a job that is over."""


_ENDS: Final = {
    Event.CLAIM: State.PENDING,
    Event.INTERRUPT: State.INTERRUPTED,
    Event.FAIL: State.FAILED,
    Event.CANCEL: State.CANCELED,
}
_WORKING: Final = {**_ENDS, Event.REPAIR: State.PENDING}
_OVER: Final = {Event.REOPEN: State.PENDING}

TABLE: Final[dict[State, dict[Event, State]]] = {
    State.PENDING: {
        **_ENDS,
        Event.ENTER_CLONE: State.CLONING,
        Event.ENTER_EXTRACT: State.EXTRACTING,
        Event.ENTER_ANALYZE: State.ANALYZING,
        Event.ENTER_ORDER: State.ORDERING,
        Event.ENTER_GENERATE_CHAPTERS: State.GENERATING_CHAPTERS,
        Event.ENTER_REVIEW_CHAPTERS: State.REVIEWING_CHAPTERS,
        Event.ENTER_GENERATE_TUTORIALS: State.GENERATING_TUTORIALS,
        Event.ENTER_PUBLISHING: State.PUBLISHING,
    },
    State.CLONING: {
        **_WORKING,
        Event.PIN: State.CLONING,
        Event.ADVANCE: State.EXTRACTING,
    },
    State.EXTRACTING: {**_WORKING, Event.ADVANCE: State.ANALYZING},
    State.ANALYZING: {**_WORKING, Event.ADVANCE: State.ORDERING},
    State.ORDERING: {**_WORKING, Event.ADVANCE: State.GENERATING_CHAPTERS},
    State.GENERATING_CHAPTERS: {
        **_WORKING,
        Event.ADVANCE: State.REVIEWING_CHAPTERS,
    },
    State.REVIEWING_CHAPTERS: {
        **_WORKING,
        Event.ADVANCE: State.GENERATING_TUTORIALS,
    },
    State.GENERATING_TUTORIALS: {**_WORKING, Event.ADVANCE: State.PUBLISHING},
    State.PUBLISHING: {**_WORKING, Event.COMPLETE: State.COMPLETED},
    State.INTERRUPTED: {
        Event.CLAIM: State.PENDING,
        Event.CANCEL: State.CANCELED,
    },
    State.COMPLETED: _OVER,
    State.FAILED: _OVER,
    State.CANCELED: _OVER,
}


class IllegalTransitionError(Exception):
    """The table has no transition for an event in a state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"illegal transition: {event} in state {state}")


class _Position:
    """The model object for the library `transitions`."""

    state: str


def _transitions() -> list[dict[str, str]]:
    return [
        {"trigger": str(event), "source": str(source), "dest": str(target)}
        for source, event, target in _arrows()
    ]


def _arrows() -> Iterator[tuple[State, Event, State]]:
    for source, row in TABLE.items():
        for event, target in row.items():
            yield source, event, target


# With `auto_transitions`, every model would get `to_<state>` methods that bypass the table.
_MACHINE: Final = Machine(
    model=None,
    states=[str(state) for state in TABLE],
    transitions=_transitions(),
    initial=str(State.PENDING),
    auto_transitions=False,
)


def advance(state: State, event: Event) -> State:
    """Return the state that an event leads to, or raise IllegalTransitionError."""
    position = _Position()
    _MACHINE.add_model(position, initial=str(state))
    try:
        _MACHINE.events[str(event)].trigger(position)
    except MachineError as error:
        raise IllegalTransitionError(state, event) from error
    finally:
        _MACHINE.remove_model(position)
    return State(position.state)


def entry(stage: Stage | None) -> Event:
    """Return the event by which a pending job enters a stage, or publishing if `stage` is None."""
    if stage is None:
        return Event.ENTER_PUBLISHING
    name = stage.replace("-", "_")
    return Event(f"enter_{name}")


def diagram() -> str:
    """Draw the table as a Mermaid state diagram.

    Transitions that all working states share are drawn once.
    """
    working = [*STAGE_OF, State.PUBLISHING]
    shared = _shared_transitions(working)
    inner: list[str] = []
    outer = [f"    [*] --> {State.PENDING}"]
    for source, event, target in _arrows():
        is_inside = source in working
        if is_inside and event in shared:
            continue
        arrow = f"    {source} --> {target}: {event}"
        if is_inside and target in working:
            inner.append(f"    {arrow}")
        else:
            outer.append(arrow)
    for event, target in shared.items():
        outer.append(f"    working --> {target}: {event}")
    lines = [
        "stateDiagram-v2",
        "    state working {",
        *inner,
        "    }",
        *outer,
        "",
    ]
    return "\n".join(lines)


def _shared_transitions(states: list[State]) -> dict[Event, State]:
    """Return the transitions that all these states share."""
    first, *others = (TABLE[state] for state in states)
    shared = dict(first)
    for row in others:
        for event, target in first.items():
            if row.get(event) is not target:
                shared.pop(event, None)
    return shared
