"""The protocol of lease and log, as a model that is small enough to look at all of it.

This is the specification: what a run, an operator and the store may do, step by step, and what must never happen. The
tests explore every interleaving (tests/simulation/test_protocol.py); the worker does the same steps with real stores.
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


def steps(world: World, guards: Guards) -> Iterator[World]:
    """Yield every state that can come next."""
    yield _tick(world)
    for request in world.requests:
        on_the_way = world._replace(requests=world.requests - {request})
        yield on_the_way
        yield _arrive(on_the_way, *request, guards=guards)
    if world.cancels and world.log and not world.ended:
        asked = Checkpoint(run=world.log[-1].run, author=OPERATOR, entry=Entry.CANCEL)
        yield _arrive(world._replace(cancels=world.cancels - 1), len(world.log) + 1, asked, guards=guards)
    for process in world.processes:
        yield from _moves(world, process, guards)
        if world.crashes and process.phase is not Phase.GONE:
            successor = Process(author=process.author + len(world.processes))
            yield _with(world, process, successor)._replace(crashes=world.crashes - 1)


def _moves(world: World, process: Process, guards: Guards) -> Iterator[World]:
    match process.phase:
        case Phase.LOOK:
            phase = Phase.GONE if world.ended else Phase.JUDGE
            yield _with(world, process, process._replace(phase=phase, head=len(world.log)))
        case Phase.JUDGE:
            yield _judge(world, process, guards)
        case Phase.CLAIM | Phase.APPEND:
            yield from _learn(world, process, guards)
        case Phase.OWN:
            yield from _own(world, process, guards)


def _judge(world: World, process: Process, guards: Guards) -> World:
    owner = world.log[process.head - 1] if process.head else None
    free = owner is None or owner.entry is Entry.RELEASE
    silent = owner is not None and min(world.age, _beat(world, owner.run)) > LEASE
    if not (free or silent or not guards.wait_for_lease):
        return _with(world, process, process._replace(phase=Phase.LOOK))
    run = owner.run + 1 if owner else 1
    claiming = process._replace(phase=Phase.CLAIM, run=run, sent=0, appending=Entry.CLAIM)
    return _send(_with(world, process, claiming), claiming)


def _learn(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Learn what has become of the creation that was sent: from its answer or, if that was lost, from the log."""
    number = process.head + 1
    if len(world.log) < number:
        yield _send(world, process)
        return
    found = world.log[number - 1]
    if found.author == process.author:
        yield _with(world, process, _appended(process, number, guards))
    elif process.phase is Phase.CLAIM:
        yield _with(world, process, process._replace(phase=Phase.LOOK))
    elif found.author == OPERATOR and found.run == process.run:
        yield _with(world, process, process._replace(phase=Phase.OWN, head=number))
    else:
        yield _with(world, process, process._replace(phase=Phase.GONE))


def _appended(process: Process, number: int, guards: Guards) -> Process:
    known = process._replace(phase=Phase.OWN, head=number)
    if process.appending in {Entry.END, Entry.RELEASE}:
        return known._replace(phase=Phase.GONE)
    if process.phase is Phase.CLAIM:
        lease = process.sent if guards.count_from_before else 0
        return known._replace(lease=lease, suspended=lease >= LEASE)
    return known._replace(suspended=known.lease >= LEASE)


def _own(world: World, process: Process, guards: Guards) -> Iterator[World]:
    canceled = any(checkpoint.entry is Entry.CANCEL for checkpoint in world.log[: process.head])
    for entry in (Entry.END,) if canceled else (Entry.STILL_HERE, Entry.RELEASE, Entry.END):
        if entry is Entry.STILL_HERE and not process.suspended:
            continue
        appending = process._replace(phase=Phase.APPEND, appending=entry)
        if entry is Entry.RELEASE and not guards.silent_release:
            appending = appending._replace(appending=Entry.STILL_HERE)
            yield _send(_with(world, process, appending), appending._replace(appending=entry))
        else:
            yield _send(_with(world, process, appending), appending)
    if not process.beating:
        yield _with(world, process, process._replace(beating=True, sent=0))
        return
    beats = tuple(0 if run == process.run else _beat(world, run) for run in range(1, process.run + 1))
    lease = process.sent if guards.count_from_before else 0
    refreshed = process._replace(beating=False, lease=lease)
    if not guards.append_after_silence:
        refreshed = refreshed._replace(suspended=False)
    yield _with(world._replace(beats=(*beats, *world.beats[process.run :])), process, refreshed)
    yield _with(world, process, process._replace(beating=False))


def _send(world: World, process: Process) -> World:
    request = (process.head + 1, Checkpoint(run=process.run, author=process.author, entry=process.appending))
    return world._replace(requests=world.requests | {request})


def _arrive(world: World, number: int, checkpoint: Checkpoint, *, guards: Guards) -> World:
    if number <= len(world.log) and not guards.create_only:
        return world._replace(log=(*world.log[: number - 1], checkpoint, *world.log[number:]))
    if number != len(world.log) + 1:
        return world
    return world._replace(log=(*world.log, checkpoint), age=0)


def _beat(world: World, run: int) -> int:
    return world.beats[run - 1] if run <= len(world.beats) else EXPIRED


def _tick(world: World) -> World:
    def older(age: int) -> int:
        return min(age + 1, EXPIRED)

    def waited(process: Process) -> Process:
        lease = older(process.lease)
        owns = process.phase in {Phase.OWN, Phase.APPEND}
        suspended = process.suspended or (owns and lease >= LEASE)
        return process._replace(lease=lease, sent=older(process.sent), suspended=suspended)

    return world._replace(
        age=older(world.age),
        beats=tuple(older(age) for age in world.beats),
        processes=tuple(waited(process) for process in world.processes),
    )


def _with(world: World, old: Process, new: Process) -> World:
    return world._replace(processes=tuple(new if one is old else one for one in world.processes))


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
