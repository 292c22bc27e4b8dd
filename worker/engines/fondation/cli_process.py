"""One CLI process: each file it writes is taken as soon as it is complete."""

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
    RejectedFileError,
    paths_of,
    read_item,
    stage_of,
)
from worker.engines.fondation.output_watch import FOLDERS, OutputWatch
from worker.engines.fondation.yaml_guard import YamlGuard
from worker.engines.fondation.yaml_names import normalized
from worker.engines.port import EngineFailedError, Item
from worker.system.disk import full_disk
from worker.system.files import read_file, write_file
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

_WAIT_SECONDS: Final = 0.05
"""The longest delay until the process's wait for a guarded file is noticed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CliTask:
    """The task of a CLI process."""

    stage: Stage
    """The first stage whose items are taken."""
    single_stage: bool
    """Whether the process runs only that stage, or all stages."""
    command: Command
    folder: Path
    """The process's own folder, removed with it."""
    output: Path
    """The output folder, in `folder`. The process does not see the run's own course folder."""
    silence_seconds: float
    secrets: tuple[str, ...]


class CliProcess:
    """A running CLI process."""

    def __init__(self, task: CliTask, course: Path, runtime: Runtime) -> None:
        """Start the CLI with the files of the course so far; raise MissingProgramError."""
        self._task = task
        self._runtime = runtime
        self._stage = task.stage
        self._digests = _lay_out(course, task)
        self._complete: set[str] = set()
        self._items_taken = 0
        self._paused = False
        self._closed = False
        self._sign_of_life = runtime.monotonic()
        self._guard = YamlGuard(task.output, self._guarded_files(course))
        self._watch = OutputWatch(task.output, runtime)
        self._output = CliOutput(runtime, task.secrets)
        self._process = Process(
            task.command,
            runtime,
            LineSplitter(self._output.take).take,
            on_end=self._watch.wake,
        )

    def will_reach(self, stage: Stage) -> bool:
        """Whether this process also runs a later stage, or has already run it."""
        if self._closed or self._task.single_stage:
            return False
        return INFO[stage].step > INFO[self._stage].step

    def follow(self, stage: Stage) -> Iterator[Item]:
        """Yield the files of a stage until it is finished; raise EngineFailedError."""
        self._stage = stage
        self._items_taken = 0
        self._sign_of_life = self._runtime.monotonic()
        while not self._closed:
            code = self._process.wait(0)
            if code is not None or self._is_past(stage):
                self._notice(0)
                every_path = paths_of(self._task.output, stage)
                yield from self._take(every_path, final=True)
                self._conclude(stage, code)
                return
            self._notice(_WAIT_SECONDS)
            yield from self._take(self._pop_complete(stage), final=False)
            self._check_silence()

    def pause(self) -> None:
        self._paused = True
        self._process.pause()

    def unpause(self) -> None:
        self._process.unpause()
        self._paused = False

    def kill(self) -> None:
        """End the process, and `follow` with it."""
        self._closed = True
        self._process.kill()

    def close(self) -> None:
        """End the process and remove its folder; called by the thread that follows it."""
        self.kill()
        self._watch.close()
        self._guard.close()
        shutil.rmtree(self._task.folder, ignore_errors=True)

    def _guarded_files(self, course: Path) -> dict[str, bytes]:
        """Return the stored files that a process for all stages would write again."""
        if self._task.single_stage:
            return {}
        bodies = {}
        for path in self._digests:
            if "/" not in path:
                file = course / path
                bodies[path] = file.read_bytes()
        return bodies

    def _is_past(self, stage: Stage) -> bool:
        """Whether the CLI has announced a later stage, or written a file of one."""
        if self._task.single_stage:
            return False
        reached = self._output.step + 1
        for path in self._complete:
            written = stage_of(path)
            if written is not None:
                reached = max(reached, INFO[written].step)
        return reached > INFO[stage].step

    def _notice(self, seconds: float) -> None:
        changes = self._watch.wait(seconds)
        self._guard.look()
        for path in changes.complete:
            if stage_of(path) is not None:
                self._complete.add(path)
        if changes.alive or self._paused:
            self._sign_of_life = self._runtime.monotonic()

    def _pop_complete(self, stage: Stage) -> list[str]:
        """Return the complete files of a stage, each once."""
        paths = [path for path in self._complete if stage_of(path) is stage]
        self._complete.difference_update(paths)
        return sorted(paths)

    def _take(self, paths: Iterable[str], *, final: bool) -> Iterator[Item]:
        """Yield the items among some files, without those already taken.

        A rejected file is logged when no later version of it can come (`final`).
        """
        for path in paths:
            try:
                written = read_item(self._task.output, path)
                body = normalized(path, written)
            except RejectedFileError as error:
                if final:
                    LOG.warning(
                        "rejected a file written by the CLI",
                        extra={"path": path, "fault": str(error)},
                    )
                continue
            digest = _digest(body)
            if self._digests.get(path) != digest:
                self._guard.check()
                self._digests[path] = digest
                self._items_taken += 1
                yield Item(path=path, body=body)

    def _conclude(self, stage: Stage, code: int | None) -> None:
        """Raise EngineFailedError or DiskError if the CLI has failed.

        An exit code of 0 does not prove success.
        """
        self._output.close()
        if code is None or self._is_past(stage):
            return
        errors = self._output.errors()
        folder = self._task.folder
        if code != 0:
            raise (
                disk_fault(errors, folder)
                or full_disk(folder)
                or failure(code, errors)
            )
        if self._items_taken:
            return
        fault = full_disk(folder)
        if fault is not None:
            raise fault
        reason = permanent(errors)
        if reason is not None:
            raise EngineFailedError(
                f"the Fondation CLI has written no files: {reason}",
                temporary=False,
            )

    def _check_silence(self) -> None:
        limit = self._task.silence_seconds
        last_sign = max(self._sign_of_life, self._process.last_output)
        if self._runtime.monotonic() - last_sign > limit:
            reason = f"the Fondation CLI has shown no sign of life for {limit:g} seconds"
            raise EngineFailedError(reason, temporary=True)


def _lay_out(course: Path, task: CliTask) -> dict[str, bytes]:
    """Copy the course so far into the output folder; return the files' digests by path."""
    for prefix in FOLDERS:
        (task.output / prefix).mkdir(parents=True, exist_ok=True)
    digests = {}
    # Stage `clone` comes first: its artifact is not a file of the CLI.
    earlier = before(task.stage)[1:]
    for stage in (*earlier, task.stage):
        for path in paths_of(course, stage):
            # pathlib takes as long for this as the kernel.
            body = read_file(f"{course}/{path}")
            write_file(f"{task.output}/{path}", body)
            digests[path] = _digest(body)
    return digests


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
