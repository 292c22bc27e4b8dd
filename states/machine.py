"""The one table of transitions, and the machine made of it."""

from enum import StrEnum
from typing import Final

from transitions import Machine, MachineError

from states.stages import STAGE_OF, Stage, State


class Event(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    """A run takes the job over (or starts it), and will enter its first unfinished stage."""
    ENTER_CLONE = "enter_clone"
    ENTER_EXTRACT = "enter_extract"
    ENTER_ANALYZE = "enter_analyze"
    ENTER_ORDER = "enter_order"
    ENTER_GENERATE_CHAPTERS = "enter_generate_chapters"
    ENTER_REVIEW_CHAPTERS = "enter_review_chapters"
    ENTER_GENERATE_TUTORIALS = "enter_generate_tutorials"
    ENTER_PUBLISHING = "enter_publishing"
    PIN = "pin"
    """The commit is known; from now on the job works on it, wherever the branch moves."""
    ADVANCE = "advance"
    """The stage is finished, and the next one begins."""
    REPAIR = "repair"
    """Something that a stage had stored is damaged; the job goes back to that stage."""
    COMPLETE = "complete"
    FAIL = "fail"
    """The job failed for good; a plain retry would fail in the same way."""
    INTERRUPT = "interrupt"
    """The run ends before the job does; the next one goes on."""
    CANCEL = "cancel"
    REOPEN = "reopen"
    """An operator resumes a job that was over."""


_ENDS: Final = {
    Event.CLAIM: State.PENDING,
    Event.INTERRUPT: State.INTERRUPTED,
    Event.FAIL: State.FAILED,
    Event.CANCEL: State.CANCELED,
}
_BACK: Final = _ENDS | {Event.REPAIR: State.PENDING}
_OVER: Final = {Event.REOPEN: State.PENDING}

TABLE: Final[dict[State, dict[Event, State]]] = {
    State.PENDING: _ENDS
    | {
        Event.ENTER_CLONE: State.CLONING,
        Event.ENTER_EXTRACT: State.EXTRACTING,
        Event.ENTER_ANALYZE: State.ANALYZING,
        Event.ENTER_ORDER: State.ORDERING,
        Event.ENTER_GENERATE_CHAPTERS: State.GENERATING_CHAPTERS,
        Event.ENTER_REVIEW_CHAPTERS: State.REVIEWING_CHAPTERS,
        Event.ENTER_GENERATE_TUTORIALS: State.GENERATING_TUTORIALS,
        Event.ENTER_PUBLISHING: State.PUBLISHING,
    },
    State.CLONING: _BACK | {Event.PIN: State.CLONING, Event.ADVANCE: State.EXTRACTING},
    State.EXTRACTING: _BACK | {Event.ADVANCE: State.ANALYZING},
    State.ANALYZING: _BACK | {Event.ADVANCE: State.ORDERING},
    State.ORDERING: _BACK | {Event.ADVANCE: State.GENERATING_CHAPTERS},
    State.GENERATING_CHAPTERS: _BACK | {Event.ADVANCE: State.REVIEWING_CHAPTERS},
    State.REVIEWING_CHAPTERS: _BACK | {Event.ADVANCE: State.GENERATING_TUTORIALS},
    State.GENERATING_TUTORIALS: _BACK | {Event.ADVANCE: State.PUBLISHING},
    State.PUBLISHING: _BACK | {Event.COMPLETE: State.COMPLETED},
    State.INTERRUPTED: {Event.CLAIM: State.PENDING, Event.CANCEL: State.CANCELED},
    State.COMPLETED: _OVER,
    State.FAILED: _OVER,
    State.CANCELED: _OVER,
}


class IllegalTransitionError(Exception):
    """The table has no such move."""

    def __init__(self, state: State, event: Event) -> None:
        """Remember the state and the event that it does not know."""
        super().__init__(f"a job that is {state} knows no {event!s}")
        self.state = state
        self.event = event


class _Position:
    """A place in the table: what the library `transitions` moves."""

    state: str


# Without `auto_transitions=False` every model grows `to_<state>` methods that go around the table.
_MACHINE: Final = Machine(
    model=None,
    states=[str(state) for state in TABLE],
    transitions=[
        {"trigger": str(event), "source": str(source), "dest": str(target)}
        for source, row in TABLE.items()
        for event, target in row.items()
    ],
    initial=str(State.PENDING),
    auto_transitions=False,
)


def advance(state: State, event: Event) -> State:
    """Return the state that an event leads to.

    Raise IllegalTransitionError where the table has no such move.
    """
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
    """Return the event by which a pending job enters a stage, or publishing if there is none."""
    return Event(
        "enter_publishing" if stage is None else f"enter_{stage.replace('-', '_')}"
    )


def diagram() -> str:
    """Draw the table as a Mermaid state diagram.

    Moves that all working states share are drawn once.
    """
    working = [*STAGE_OF, State.PUBLISHING]
    shared = {
        event: target
        for event, target in TABLE[working[0]].items()
        if _all_know(working, event, target)
    }
    inner: list[str] = []
    outer = [f"    [*] --> {State.PENDING}"]
    for source, row in TABLE.items():
        for event, target in row.items():
            if source not in working:
                outer.append(f"    {source} --> {target}: {event}")
            elif event not in shared:
                lines = inner if target in working else outer
                lines.append(f"    {source} --> {target}: {event}")
    outer += [f"    working --> {target}: {event}" for event, target in shared.items()]
    grouped = ["    state working {", *(f"    {line}" for line in inner), "    }"]
    return "\n".join(["stateDiagram-v2", *grouped, *outer]) + "\n"


def _all_know(states: list[State], event: Event, target: State) -> bool:
    return all(TABLE[state].get(event) is target for state in states)
