"""One process of the CLI: each file is taken as soon as it is complete."""

import hashlib
import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.stages import INFO, Stage, before
from worker.engines.fondation.cli_output import CliOutput
from worker.engines.fondation.failure import disk_fault, failure, permanent
from worker.engines.fondation.output_files import (
    RejectedError,
    paths_of,
    read_item,
    stage_of,
)
from worker.engines.fondation.output_watch import FOLDERS, OutputWatch
from worker.engines.fondation.yaml_guard import YamlGuard
from worker.engines.fondation.yaml_names import normalized
from worker.engines.port import EngineFailedError, Item
from worker.system.disk import full_disk
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

_WAIT_SECONDS: Final = 0.05
"""How long it takes at most to notice the end of the process, or a wait for a guarded file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CliTask:
    """What a process is to do."""

    stage: Stage
    """The stage that it does, or the first that is taken of what it does."""
    alone: bool
    """Whether it does only that, or all stages from the first to the last."""
    command: Command
    folder: Path
    """Its own: removed with it."""
    output: Path
    """Where it writes to, in that folder. The run's own folder of the course is not shown to it."""
    silence_seconds: float
    secrets: tuple[str, ...]


class CliProcess:
    """A process of the CLI."""

    def __init__(self, plan: CliTask, course: Path, runtime: Runtime) -> None:
        """Start it with the files of the course so far; raise MissingProgramError."""
        self._plan = plan
        self._runtime = runtime
        self._stage = plan.stage
        self._taken = _lay_out(course, plan)
        self._noted: set[str] = set()
        self._fruits = 0
        self._paused = False
        self._closed = False
        self._sign_of_life = runtime.monotonic()
        stored = [path for path in self._taken if "/" not in path]
        self._keeper = YamlGuard(
            plan.output,
            {}
            if plan.alone
            else {path: (course / path).read_bytes() for path in stored},
        )
        self._watch = OutputWatch(plan.output, runtime)
        self._speech = CliOutput(runtime, plan.secrets)
        self._process = Process(
            plan.command, runtime, LineSplitter(self._speech.hear).take
        )

    def goes_on(self, stage: Stage) -> bool:
        """Tell whether it is on its way to a stage, or past it."""
        return (
            not self._closed
            and not self._plan.alone
            and INFO[stage].step > INFO[self._stage].step
        )

    def follow(self, stage: Stage) -> Iterator[Item]:
        """Yield the files of a stage until it is finished; raise EngineFailedError."""
        self._stage, self._fruits = stage, 0
        self._sign_of_life = self._runtime.monotonic()
        while not self._closed:
            code = self._process.wait(0)
            over = code is not None or self._is_past(stage)
            self._notice(0 if over else _WAIT_SECONDS)
            yield from self._take(
                paths_of(self._plan.output, stage)
                if over
                else self._due(stage),
                final=over,
            )
            if over:
                self._conclude(stage, code)
                return
            self._check_silence()

    def pause(self) -> None:
        """Stop it where it is."""
        self._paused = True
        self._process.pause()

    def unpause(self) -> None:
        """Let it go on."""
        self._process.unpause()
        self._paused = False

    def kill(self) -> None:
        """End it, and `follow` with it."""
        self._closed = True
        self._process.kill()

    def close(self) -> None:
        """End it, and remove what it leaves; called by the thread that follows it."""
        self.kill()
        self._watch.close()
        self._keeper.close()
        shutil.rmtree(self._plan.folder, ignore_errors=True)

    def _is_past(self, stage: Stage) -> bool:
        """Tell whether it has announced a later stage, or written a file of one."""
        if self._plan.alone:
            return False
        reached = [
            INFO[found].step
            for path in self._noted
            if (found := stage_of(path))
        ]
        return max([self._speech.step + 1, *reached]) > INFO[stage].step

    def _notice(self, seconds: float) -> None:
        noticed = self._watch.wait(seconds)
        self._keeper.look()
        self._noted.update(path for path in noticed.complete if stage_of(path))
        if noticed.alive or self._paused:
            self._sign_of_life = self._runtime.monotonic()

    def _due(self, stage: Stage) -> list[str]:
        due = [path for path in self._noted if stage_of(path) is stage]
        self._noted.difference_update(due)
        return sorted(due)

    def _take(self, paths: Iterable[str], *, final: bool) -> Iterator[Item]:
        for path in paths:
            try:
                body = normalized(path, read_item(self._plan.output, path))
            except RejectedError as error:
                if final:
                    LOG.warning(
                        "a file of the CLI's is not taken",
                        extra={"path": path, "fault": str(error)},
                    )
                continue
            digest = _digest(body)
            if self._taken.get(path) != digest:
                self._keeper.check()
                self._taken[path] = digest
                self._fruits += 1
                yield Item(path=path, body=body)

    def _conclude(self, stage: Stage, code: int | None) -> None:
        """Raise EngineFailedError or DiskError if it has ended badly.

        An exit code of 0 proves nothing.
        """
        self._speech.close()
        if code is None or self._is_past(stage):
            return
        errors = self._speech.errors()
        folder = self._plan.folder
        if code != 0:
            raise (
                disk_fault(errors, folder)
                or full_disk(folder)
                or failure(code, errors)
            )
        if self._fruits:
            return
        if fault := full_disk(folder):
            raise fault
        reason = permanent(errors)
        if reason is not None:
            raise EngineFailedError(
                f"the Fondation CLI has made nothing: {reason}", temporary=False
            )

    def _check_silence(self) -> None:
        limit = self._plan.silence_seconds
        quiet = self._runtime.monotonic() - max(
            self._sign_of_life, self._process.last_output
        )
        if quiet > limit:
            reason = f"the Fondation CLI has shown no sign of life for {limit:g} seconds"
            raise EngineFailedError(reason, temporary=True)


def _lay_out(course: Path, plan: CliTask) -> dict[str, bytes]:
    """Copy the course so far into the output folder; return the files' digests by path."""
    for prefix in FOLDERS:
        (plan.output / prefix).mkdir(parents=True, exist_ok=True)
    digests = {}
    for stage in (*before(plan.stage)[1:], plan.stage):
        for path in paths_of(course, stage):
            body = (course / path).read_bytes()
            (plan.output / path).write_bytes(body)
            digests[path] = _digest(body)
    return digests


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
