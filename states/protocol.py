"""The protocol of lease and log, as a model that is small enough to look at all of it.

This is the specification: what a run, an operator and the store may do (step by step in states/interleavings.py), and
what must never happen. The tests explore every interleaving (tests/simulation/test_protocol.py); the worker does the
same steps with real stores.
Time is counted in ticks, and a lease is LEASE ticks long.

    claim       A newcomer looks at the newest checkpoint, then at its age and at that of the owner's heartbeat. If the
                owner has released the job, or the younger of both is older than the lease, it creates the next
                checkpoint, with the next run number. It counts its lease from before it first sent that.
    append      The owner creates the checkpoint after the newest one that it knows. If another's is there, it has been
                replaced, and stops; an operator's request under its own run number it takes in.
    beat        The owner writes its heartbeat, and counts its lease from before it sent that.
    tell        A side effect that others see: while the lease holds on that count. Once it has run out, the owner
                tells nothing before a beat and then an append have succeeded.
    release     The owner tells nothing more, and then appends that it ends.
    cancel      An operator creates the next checkpoint under the owner's run number.
    takeover    An operator's claim that does not wait. The owner may tell something until it beats again, which is
                lawful; so it is no part of what is explored here, where exclusion holds without exception.

    fence       Run numbers in the log never fall.
    exclusion   While a run may tell something, no other run's claim is in the log.
    finality    After the job's end nothing follows in the log.
    progress    From everywhere, the job's end can still be reached.

Creations are on their way for any time: they arrive late, or never, or after their sender has died; whoever waits for
the answer to one sends it again, or learns from the log what has become of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

LEASE: Final = 1
EXPIRED: Final = LEASE + 1
"""Ages beyond this are not told apart."""
OPERATOR: Final = -1


class Entry(StrEnum):
    """What a checkpoint says."""

    CLAIM = "claim"
    STILL_HERE = "still here"
    CANCEL = "cancel"
    RELEASE = "release"
    END = "end"


class Phase(StrEnum):
    """What a process is about to do."""

    LOOK = "look"
    JUDGE = "judge"
    CLAIM = "claim"
    OWN = "own"
    APPEND = "append"
    GONE = "gone"


# Named tuples, as they are compared and hashed by the million.
class Checkpoint(NamedTuple):
    """A checkpoint: whose run it is under, who wrote it, and what it says."""

    run: int
    author: int
    entry: Entry


class Process(NamedTuple):
    """What one process knows; a process that crashes knows nothing any more, and its successor is another author."""

    author: int
    phase: Phase = Phase.LOOK
    run: int = 0
    head: int = 0
    """The newest checkpoint that it knows of."""
    lease: int = EXPIRED
    """Ticks since before it sent its newest sign of life that was answered."""
    sent: int = EXPIRED
    """Ticks since it sent the one that is not answered yet."""
    beating: bool = False
    suspended: bool = False
    """Whether its lease has run out since its newest append."""
    appending: Entry = Entry.STILL_HERE

    @property
    def may_tell(self) -> bool:
        """Whether it believes that nobody else can own the job."""
        owns = self.phase is Phase.OWN or (self.phase is Phase.APPEND and self.appending is not Entry.RELEASE)
        return owns and not self.suspended and self.lease < LEASE


class World(NamedTuple):
    """One state of everything; ages are in ticks, by the store's clock."""

    log: tuple[Checkpoint, ...] = ()
    age: int = 0
    """Of the newest checkpoint."""
    beats: tuple[int, ...] = ()
    """Of each run's heartbeat."""
    processes: tuple[Process, ...] = (Process(author=0), Process(author=1))
    requests: frozenset[tuple[int, Checkpoint]] = frozenset()
    """Creations on their way: the checkpoint's number, and the checkpoint."""
    crashes: int = 1
    cancels: int = 1
    """How many of them may still come."""

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return bool(self.log) and self.log[-1].entry is Entry.END


@dataclass(frozen=True, slots=True)
class Guards:
    """The rules that can be left out, to see that each is needed."""

    create_only: bool = True
    wait_for_lease: bool = True
    count_from_before: bool = True
    append_after_silence: bool = True
    silent_release: bool = True


def violations(world: World) -> Iterator[str]:
    """Name the invariants that a state breaks."""
    runs = [checkpoint.run for checkpoint in world.log]
    if runs != sorted(runs):
        yield "fence"
    claimed = max((one.run for one in world.log if one.entry is Entry.CLAIM), default=0)
    if any(process.may_tell and process.run < claimed for process in world.processes):
        yield "exclusion"
    if any(checkpoint.entry is Entry.END for checkpoint in world.log[:-1]):
        yield "finality"


def canonical(world: World, guards: Guards) -> World:
    """Return the one of several states that differ only in what nobody will ever look at."""
    owner = world.log[-1].run if world.log else 0
    late = {request for request in world.requests if request[0] <= len(world.log)} if guards.create_only else set()
    beats = tuple(age if run == owner else EXPIRED for run, age in enumerate(world.beats, 1))
    processes = tuple(_known(process) for process in world.processes)
    found = world._replace(requests=world.requests - late, beats=beats, processes=processes)
    first, second = processes
    return _mirrored(found) if second[1:] < first[1:] else found


def _mirrored(world: World) -> World:
    """Exchange the two processes, and with them their successors: they differ in nothing but their names."""

    def other(checkpoint: Checkpoint) -> Checkpoint:
        return checkpoint if checkpoint.author == OPERATOR else checkpoint._replace(author=checkpoint.author ^ 1)

    return world._replace(
        log=tuple(other(checkpoint) for checkpoint in world.log),
        processes=tuple(process._replace(author=process.author ^ 1) for process in reversed(world.processes)),
        requests=frozenset((number, other(checkpoint)) for number, checkpoint in world.requests),
    )


def _known(process: Process) -> Process:
    match process.phase:
        case Phase.LOOK | Phase.GONE:
            return Process(author=process.author, phase=process.phase)
        case Phase.JUDGE:
            return Process(author=process.author, phase=process.phase, head=process.head)
        case Phase.CLAIM:
            return process._replace(lease=EXPIRED, beating=False, suspended=False)
        case _:
            return process if process.beating else process._replace(sent=EXPIRED)
