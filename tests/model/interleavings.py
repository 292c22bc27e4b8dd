"""Every step that processes, requests in flight, and time can take next.

A request that is lost is one that never arrives, and a new run's looks at the log and at the ages
are one step: if the log moves on between them, its claim comes too late anyway. One write at a time
is followed, as none of them changes anything; connecting is no step of its own where the lease is
looked at after it.
"""

from collections.abc import Iterator
from functools import cache

from tests.model.protocol import (
    ALL_SEEN,
    BY_OPERATORS,
    CONNECTING,
    EXPIRED,
    LEASE,
    OPERATOR,
    SILENT,
    Checkpoint,
    Entry,
    Guards,
    Phase,
    Process,
    World,
    may_write_for,
)


def steps(world: World, guards: Guards) -> Iterator[World]:
    """Yield every state that can follow."""
    yield _tick(world, guards)
    for request in world.requests:
        left = world._replace(requests=world.requests - {request})
        yield _arrive(left, *request, guards=guards)
    if world.cancels and world.log and not world.ended:
        asked = Checkpoint(run=world.owner, author=OPERATOR, entry=Entry.CANCEL)
        left = world._replace(cancels=world.cancels - 1)
        yield _arrive(left, len(world.log) + 1, asked, guards=guards)
    for process in world.processes:
        yield from _moves(world, process, guards)
        if world.crashes and process.phase is not Phase.GONE:
            successor = Process(author=process.author + len(world.processes))
            yield _with(world, process, successor)._replace(
                crashes=world.crashes - 1
            )


def _moves(world: World, process: Process, guards: Guards) -> Iterator[World]:
    match process.phase:
        case Phase.LOOK:
            yield from _look_for_job(world, process, guards)
        case Phase.CLAIM:
            yield from _learn(world, process, guards)
        case Phase.OWN:
            yield from _decide(world, process, guards)
            yield from _live(world, process, guards)
        case Phase.APPEND:
            yield from _learn(world, process, guards)
            yield from _live(world, process, guards)
        case Phase.LOST:
            yield _with(world, process, _gone(process, guards))


def _look_for_job(
    world: World, process: Process, guards: Guards
) -> Iterator[World]:
    """Look for a job to claim."""
    if world.ended:
        yield _with(world, process, process._replace(phase=Phase.GONE))
        return
    free = not world.log or world.log[-1].entry is Entry.RELEASE
    if free or not guards.wait_for_lease or _silent(world, guards):
        yield _claim(world, process, Entry.CLAIM)
    elif world.takeovers:
        yield _claim(
            world._replace(takeovers=world.takeovers - 1),
            process,
            Entry.TAKEOVER,
        )


def _silent(world: World, guards: Guards) -> bool:
    """Whether the owner's lease has run out, judged by the store."""
    age = world.age if guards.use_checkpoints else EXPIRED
    beat = world.beat if guards.use_heartbeats else EXPIRED
    silent = min(age, beat)
    return silent > LEASE or (
        silent == LEASE and not guards.exceed_whole_seconds
    )


def _claim(world: World, process: Process, entry: Entry) -> World:
    head, run = len(world.log), world.owner + 1
    claiming = process._replace(
        phase=Phase.CLAIM, run=run, head=head, sent=0, appending=entry
    )
    return _send(_with(world, process, claiming), claiming)


def _learn(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Learn the outcome of a creation: from its answer or, if that was lost, from the log."""
    number = process.head + 1
    if len(world.log) < number:
        return
    stored = world.log[number - 1]
    if stored.author == process.author:
        yield _with(world, process, _appended(process, number, guards))
    elif process.phase is Phase.CLAIM:
        yield _with(world, process, Process(author=process.author))
    elif _is_request(stored, process, guards):
        more = any(
            checkpoint.entry in BY_OPERATORS
            for checkpoint in world.log[number:]
        )
        unseen = process.unseen if more else ALL_SEEN
        taken_in = process._replace(phase=Phase.OWN, head=number, unseen=unseen)
        yield _with(world, process, taken_in)
    else:
        yield _with(world, process, _gone(process, guards))


def _is_request(
    checkpoint: Checkpoint, process: Process, guards: Guards
) -> bool:
    own = checkpoint.run == process.run or not guards.own_requests_only
    return own and checkpoint.entry in BY_OPERATORS


def _gone(process: Process, guards: Guards) -> Process:
    writing = SILENT if guards.hang_up else process.writing
    return process._replace(phase=Phase.GONE, writing=writing)


def _appended(process: Process, number: int, guards: Guards) -> Process:
    if process.appending in {Entry.END, Entry.RELEASE}:
        return _gone(process, guards)
    known = process._replace(phase=Phase.OWN, head=number)
    if process.phase is Phase.CLAIM:
        lease = process.sent if guards.count_claim_from_before else 0
        return known._replace(
            lease=lease, looked=process.sent, suspended=lease >= EXPIRED
        )
    late = process.lapsed and guards.append_within_lease
    return known._replace(suspended=late or process.lease >= EXPIRED)


def _decide(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Append a checkpoint."""
    canceled = any(
        checkpoint.entry is Entry.CANCEL
        for checkpoint in world.log[: process.head]
    )
    choices = [Entry.END] if canceled else [Entry.RELEASE, Entry.END]
    if process.suspended:
        choices.append(Entry.STILL_HERE)
    for entry in choices:
        lapsed = process.lease >= EXPIRED
        appending = process._replace(
            phase=Phase.APPEND, appending=entry, lapsed=lapsed
        )
        if entry is Entry.RELEASE and guards.silent_release:
            appending = appending._replace(writing=SILENT)
        yield _send(_with(world, process, appending), appending)


def _live(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Take the steps of an owner other than appends."""
    yield from _beat(world, process, guards)
    yield from _look(world, process, guards)
    yield from _write(world, process, guards)


def _beat(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Send a heartbeat (and give up on an older one), or receive its answer."""
    sent = _with(world, process, process._replace(beating=True, sent=0))
    yield sent._replace(beat=0) if process.run == world.owner else sent
    if process.beating:
        lease = process.sent if guards.count_beat_from_before else 0
        suspended = process.suspended and guards.append_after_silence
        refreshed = process._replace(
            beating=False, lease=lease, suspended=suspended
        )
        yield _with(world, process, refreshed)


def _look(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Look for newer checkpoints."""
    newer = world.log[process.head :]
    if all(
        checkpoint.run == process.run
        or _is_request(checkpoint, process, guards)
        for checkpoint in newer
    ):
        yield _with(world, process, process._replace(looked=0, unseen=ALL_SEEN))
    else:
        yield _with(world, process, _gone(process, guards))


def _write(world: World, process: Process, guards: Guards) -> Iterator[World]:
    """Begin to write to others: connect, check the lease, and write."""
    ticks = may_write_for(process, guards)
    if guards.look_before_write:
        if ticks and all(other.writing == SILENT for other in world.processes):
            yield _with(world, process, process._replace(writing=ticks))
    elif process.writing == CONNECTING:
        yield _with(world, process, process._replace(writing=1))
    elif ticks and all(other.writing == SILENT for other in world.processes):
        yield _with(world, process, process._replace(writing=CONNECTING))


def _send(world: World, process: Process) -> World:
    checkpoint = Checkpoint(
        run=process.run, author=process.author, entry=process.appending
    )
    return world._replace(
        requests=world.requests | {(process.head + 1, checkpoint)}
    )


def _arrive(
    world: World, number: int, checkpoint: Checkpoint, *, guards: Guards
) -> World:
    length = len(world.log)
    if number > length + 1 or (number <= length and guards.create_only):
        return world
    log = (*world.log[: number - 1], checkpoint, *world.log[number:])
    beat = world.beat if checkpoint.run == world.owner else EXPIRED
    processes = tuple(
        _with_news(process, checkpoint) for process in world.processes
    )
    return world._replace(log=log, age=0, beat=beat, processes=processes)


def _with_news(process: Process, checkpoint: Checkpoint) -> Process:
    working = process.owns or process.phase is Phase.CLAIM
    if (
        checkpoint.entry not in BY_OPERATORS
        or checkpoint.author == process.author
        or not working
    ):
        return process
    return process._replace(unseen=max(process.unseen, 0))


def _tick(world: World, guards: Guards) -> World:
    """Let the store's clock show the next second."""
    return world._replace(
        age=min(world.age + 1, EXPIRED),
        beat=min(world.beat + 1, EXPIRED),
        processes=tuple(_older(process, guards) for process in world.processes),
    )


@cache
def _older(process: Process, guards: Guards) -> Process:
    lease = min(process.lease + 1, EXPIRED)
    unseen = (
        ALL_SEEN
        if process.unseen == ALL_SEEN
        else min(process.unseen + 1, EXPIRED)
    )
    writing = process.writing
    if writing > SILENT and guards.cut_off:
        writing -= 1
    return process._replace(
        lease=lease,
        suspended=process.suspended or (process.owns and lease >= EXPIRED),
        lapsed=process.lapsed or lease >= EXPIRED,
        sent=min(process.sent + 1, EXPIRED),
        looked=min(process.looked + 1, EXPIRED),
        unseen=unseen,
        writing=writing,
    )


def _with(world: World, old: Process, new: Process) -> World:
    return world._replace(
        processes=tuple(
            new if process is old else process for process in world.processes
        )
    )
