"""Every step that the protocol's processes, its requests on their way, and time can take next (states/protocol.py)."""

from collections.abc import Iterator

from states.protocol import EXPIRED, LEASE, OPERATOR, Checkpoint, Entry, Guards, Phase, Process, World


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
