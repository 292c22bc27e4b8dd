"""The protocol of lease and log, as a model small enough to explore completely.

This is the specification: what a run, an operator and the store may do (step by step in
tests/model/interleavings.py), and what must never happen. The tests explore every interleaving
(tests/model/test_protocol.py); the worker does the same steps with real stores.

    claim       A new run looks at the newest checkpoint, at its age and at that of the owner's
                heartbeat. If the owner has released the job, or the younger of both is older than
                the lease, it creates the next checkpoint, with the next run number. It counts its
                lease from before it first sent that.
    append      The owner creates the checkpoint after the newest one that it knows. If that one
                exists already, the owner has been replaced, and stops; if it is an operator's
                request under the owner's run number, the owner acts on it.
    beat        The owner writes its heartbeat, and counts its lease from before it sent that.
    look        The owner lists what is newer than its own checkpoint: it learns of a request, or
                that it was replaced. Looking may fail for any time while beats succeed.
    write       A side effect that others see, and that takes time: the owner connects, looks at its
                lease, and writes; what is not written when the lease runs out is cut off. It writes
                only while its lease holds, and its newest look is younger than a lease.
                Once the lease has run out, it writes nothing until a beat and then an append have
                succeeded, the append before the lease ran out again.
    release     The owner hangs up, writes nothing more, and then appends that it ends.
    cancel      An operator creates the next checkpoint under the owner's run number.
    takeover    An operator's claim that does not wait. The owner is allowed to write until its
                next look.

    fence       Run numbers in the log never fall.
    exclusion   While a run can write to others, no new run that waited has its claim in the log.
    notice      A run writes nothing to others once an operator's cancel or takeover that it has
                not seen is older than a lease.
    silence     A run that has ended, or knows that it was replaced, writes nothing to others.
    finality    After the job's end nothing follows in the log.
    progress    From everywhere, the job's end can still be reached.

A creation may take any time: it may arrive late, never, or after its sender has died.
A heartbeat is stored when it is sent; a later arrival would only make new runs wait longer.
A step takes no time, but any time may pass between two steps: a frozen process takes no step.
All clocks run equally fast.

A tick is the moment at which the store's clock shows the next second; it shows, and dates, whole
seconds only. A step comes anywhere between two ticks, so less than LEASE seconds see LEASE ticks at
most: an owner's lease may hold for that many, and a new run sees ages in ticks.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

LEASE: Final = 2
"""Seconds; with at least one, heartbeats can keep an owner alive."""
EXPIRED: Final = LEASE + 1
"""The ticks that exceed a lease; longer times count as this."""
OPERATOR: Final = -1
NO_AUTHOR: Final = -2
"""For a checkpoint whose author is never compared again."""

ALL_SEEN: Final = -1
"""For `unseen`: the run has seen everything that operators wrote."""

SILENT: Final = 0
CONNECTING: Final = -1
"""The values of `writing`; a positive number is the ticks for which it can still write."""


class Entry(StrEnum):
    """The kind of a checkpoint."""

    CLAIM = "claim"
    TAKEOVER = "takeover"
    STILL_HERE = "still here"
    CANCEL = "cancel"
    RELEASE = "release"
    END = "end"
    PAST = "past"
    """For entries whose content no longer matters."""


CLAIMS: Final = frozenset({Entry.CLAIM, Entry.TAKEOVER})
BY_OPERATORS: Final = frozenset({Entry.CANCEL, Entry.TAKEOVER})


class Phase(StrEnum):
    """The next action of a process."""

    LOOK = "look"
    CLAIM = "claim"
    OWN = "own"
    APPEND = "append"
    LOST = "lost"
    """It still works, although it was replaced, and can only find that out."""
    GONE = "gone"


# Named tuples, because millions of them are compared and hashed.
class Checkpoint(NamedTuple):
    """A checkpoint: its run number, author and kind."""

    run: int
    author: int
    entry: Entry


class Process(NamedTuple):
    """The knowledge of one process; the author that follows a crash has none."""

    author: int
    phase: Phase = Phase.LOOK
    run: int = 0
    head: int = 0
    """The newest checkpoint that it knows."""
    appending: Entry = Entry.STILL_HERE
    lease: int = EXPIRED
    """Ticks since it sent its newest claim or heartbeat that was answered."""
    suspended: bool = False
    """Whether its lease has run out since its newest append."""
    lapsed: bool = False
    """Whether its lease has run out since it first sent the append in flight."""
    beating: bool = False
    sent: int = EXPIRED
    """Ticks since it sent the heartbeat in flight."""
    looked: int = EXPIRED
    """Ticks since it last looked at the log."""
    unseen: int = ALL_SEEN
    """Ticks since an operator wrote the first checkpoint that it has not seen."""
    writing: int = SILENT

    @property
    def owns(self) -> bool:
        """Whether it believes that it owns the job."""
        return self.phase is Phase.OWN or self.phase is Phase.APPEND


class World(NamedTuple):
    """A state of the whole model; ages are in ticks of the store's clock."""

    log: tuple[Checkpoint, ...] = ()
    age: int = 0
    """The age of the newest checkpoint."""
    beat: int = EXPIRED
    """The age of the owner's heartbeat."""
    processes: tuple[Process, ...] = (Process(author=0), Process(author=1))
    requests: frozenset[tuple[int, Checkpoint]] = frozenset()
    """The creations in flight: number and checkpoint."""
    crashes: int = 0
    cancels: int = 0
    takeovers: int = 0
    """How many crashes, cancels and takeovers may still happen."""

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return bool(self.log) and self.log[-1].entry is Entry.END

    @property
    def owner(self) -> int:
        """The run number of the newest checkpoint."""
        return self.log[-1].run if self.log else 0


class Guards(NamedTuple):
    """The rules that can be switched off, to see that each is needed."""

    create_only: bool = True
    """The store refuses to create a checkpoint that exists."""
    own_requests_only: bool = True
    """An operator's checkpoint is a request only under the run's own number."""
    wait_for_lease: bool = True
    use_heartbeats: bool = True
    use_checkpoints: bool = True
    exceed_whole_seconds: bool = True
    """A new run waits until the lease is exceeded: ages are truncated."""
    count_claim_from_before: bool = True
    count_beat_from_before: bool = True
    append_after_silence: bool = True
    """After an expired lease, a beat alone does not allow writes."""
    append_within_lease: bool = True
    """Nor does an append during which the lease ran out again, even with a later beat."""
    look_at_log: bool = True
    """A run that has not looked at the log for a lease writes nothing."""
    look_before_write: bool = True
    """The run checks its lease between connecting and writing."""
    cut_off: bool = True
    """When the lease runs out, an unfinished write is cut off."""
    silent_release: bool = True
    hang_up: bool = True
    """A run that finds itself replaced cuts off its unfinished write."""


def releases(process: Process) -> bool:
    """Whether the process is appending its run's release."""
    return process.phase is Phase.APPEND and process.appending is Entry.RELEASE


def may_write_for(process: Process, guards: Guards) -> int:
    """Return for how many ticks the process may still write to others, if it checks now."""
    silent = process.suspended or (releases(process) and guards.silent_release)
    if silent or not process.owns:
        return 0
    counted = (
        max(process.lease, process.looked)
        if guards.look_at_log
        else process.lease
    )
    return EXPIRED - counted


def violations(world: World, guards: Guards) -> Iterator[str]:
    """Name the invariants that a state breaks."""
    runs = [checkpoint.run for checkpoint in world.log]
    if runs != sorted(runs):
        yield "fence"
    if any(checkpoint.entry is Entry.END for checkpoint in world.log[:-1]):
        yield "finality"
    for process in world.processes:
        if process.writing > SILENT or may_write_for(process, guards):
            yield from _written(world, process)


def _written(world: World, process: Process) -> Iterator[str]:
    """Name the invariants that break if a process writes to others now."""
    if process.phase is Phase.GONE:
        yield "silence"
        return
    if process.unseen >= EXPIRED:
        yield "notice"
    later = [
        checkpoint.entry
        for checkpoint in world.log
        if checkpoint.run > process.run and checkpoint.entry in CLAIMS
    ]
    if later[:1] == [Entry.CLAIM]:
        yield "exclusion"
