"""Simplifies states: those that differ only in parts that no process reads again become one.

No simplification hides a step that can follow, or an invariant that such a step can break.
"""

from functools import cache
from typing import Final

from tests.model.protocol import (
    ALL_SEEN,
    EXPIRED,
    NO_AUTHOR,
    SILENT,
    Checkpoint,
    Entry,
    Guards,
    Phase,
    Process,
    World,
    may_write_for,
    releases,
)

_SIDES: Final = 2
_ASKED_FOR: Final = frozenset({Entry.CANCEL, Entry.END})
"""The entries that make a run end; when they were written does not matter."""
_ENDS: Final = frozenset({Entry.RELEASE, Entry.END})
_WAITING: Final = frozenset({Phase.CLAIM, Phase.APPEND})
_IDLE: Final = frozenset({Phase.LOOK, Phase.LOST, Phase.GONE})


def canonical(world: World, guards: Guards) -> World:
    """Return the state that represents all that differ only in parts never read again."""
    known = tuple(
        _known(process, _following(world, process), guards)
        for process in world.processes
    )
    requests = world.requests
    if guards.create_only:
        requests = frozenset(
            request for request in requests if request[0] > len(world.log)
        )
    reduced = world._replace(processes=known, requests=requests)
    if guards.create_only:
        reduced = _renamed(_forgotten(reduced))
    first, second = reduced.processes
    return _mirrored(reduced) if second[1:] < first[1:] else reduced


def _following(world: World, process: Process) -> Checkpoint | None:
    return world.log[process.head] if process.head < len(world.log) else None


@cache
def _known(
    process: Process, following: Checkpoint | None, guards: Guards
) -> Process:
    """Reset what a process does not use in its phase."""
    author, phase = process.author, process.phase
    if phase in _IDLE:
        return Process(author=author, phase=phase, writing=process.writing)
    if phase is Phase.CLAIM:
        return process._replace(
            lease=EXPIRED, suspended=False, beating=False, looked=EXPIRED
        )
    if following is not None and _lost(process, following, guards):
        return Process(author=author, phase=Phase.LOST)
    # An answer that arrives after a lease proves nothing.
    beating = process.beating and (
        process.sent < EXPIRED or not guards.count_beat_from_before
    )
    still = phase is Phase.APPEND and process.appending is Entry.STILL_HERE
    return process._replace(
        lapsed=process.lapsed and still,
        beating=beating,
        sent=process.sent if beating else EXPIRED,
        # The time of its last look only limits its writes. While there is no news to miss, it may
        # look at any time.
        looked=0 if process.unseen == ALL_SEEN else process.looked,
        writing=_writing(process, guards),
    )


def _lost(process: Process, following: Checkpoint, guards: Guards) -> bool:
    """Whether it was replaced or has ended, and writes nothing until it finds out."""
    if may_write_for(process, guards) or process.writing != SILENT:
        return False
    if (
        not (process.suspended or releases(process))
        or not guards.append_after_silence
    ):
        return False
    ends = following.author == process.author and following.entry in _ENDS
    return ends or (following.run != process.run and guards.own_requests_only)


def _writing(process: Process, guards: Guards) -> int:
    """Return what it writes, but nothing for a write that it could begin now just as well."""
    ends = guards.cut_off and guards.hang_up and guards.look_before_write
    return (
        SILENT
        if ends and process.writing <= may_write_for(process, guards)
        else process.writing
    )


def _forgotten(world: World) -> World:
    """Drop from the log what all processes know, and authors that are never compared again."""
    awaited = {
        (process.head, process.author)
        for process in world.processes
        if process.phase in _WAITING
    }
    heads = [
        process.head
        for process in world.processes
        if process.phase not in _IDLE
    ]
    past = min([*heads, len(world.log) - 1])
    log = []
    for index, checkpoint in enumerate(world.log):
        author = checkpoint.author
        if (index, author) not in awaited:
            author = NO_AUTHOR
        entry = (
            Entry.PAST
            if index < past and checkpoint.entry not in _ASKED_FOR
            else checkpoint.entry
        )
        log.append(
            checkpoint
            if checkpoint[1:] == (author, entry)
            else Checkpoint(checkpoint.run, author, entry)
        )
    return world._replace(log=tuple(log))


def _renamed(world: World) -> World:
    """Reuse the name of a crashed process that has no request in flight."""
    for process in world.processes:
        first = process.author % _SIDES
        if process.author != first and all(
            checkpoint.author != first for _, checkpoint in world.requests
        ):
            return _renamed(_authored(world, {process.author: first}))
    return world


def _mirrored(world: World) -> World:
    """Exchange the two processes and their successors, which differ only in their names."""
    authors = {process.author for process in world.processes} | {
        checkpoint.author for checkpoint in world.log
    }
    authors |= {checkpoint.author for _, checkpoint in world.requests}
    mirrored = _authored(
        world, {author: author ^ 1 for author in authors if author >= 0}
    )
    return mirrored._replace(processes=mirrored.processes[::-1])


def _authored(world: World, names: dict[int, int]) -> World:
    def named(checkpoint: Checkpoint) -> Checkpoint:
        return checkpoint._replace(
            author=names.get(checkpoint.author, checkpoint.author)
        )

    def called(process: Process) -> Process:
        return process._replace(
            author=names.get(process.author, process.author)
        )

    return world._replace(
        log=tuple(map(named, world.log)),
        processes=tuple(map(called, world.processes)),
        requests=frozenset(
            (number, named(checkpoint)) for number, checkpoint in world.requests
        ),
    )
