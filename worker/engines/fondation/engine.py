"""The engine: one CLI process per stage, or one process of an older CLI for all."""

import logging
import os
import shutil
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from states.stages import Stage
from worker.engines.fondation.cli_bundle import MISSING, Bundle, find_bundle
from worker.engines.fondation.cli_environment import (
    make_home,
    secrets,
    variables,
)
from worker.engines.fondation.cli_process import CliProcess, CliTask
from worker.engines.fondation.single_steps import SingleSteps
from worker.engines.fondation.source_copy import SourceCopy
from worker.engines.port import EngineFailedError, Item, Workspace
from worker.system.disk import on_disk
from worker.system.environment import Environment
from worker.system.process import Command, ProcessStoppedError
from worker.system.runtime import Flag, Runtime

LOG = logging.getLogger(__name__)

_FOLDER: Final = "fondation"
"""The CLI's folder, next to the course's: the CLI sees nothing else of the run."""


class FondationEngine:
    """Drives the Fondation CLI."""

    name = "fondation"
    model: str | None = None
    language: str | None = None

    def __init__(
        self,
        folder: Path,
        environment: Environment,
        runtime: Runtime,
        *,
        silence_seconds: float,
    ) -> None:
        """Use the CLI in a folder, if there is one.

        A CLI process that shows no sign of life for `silence_seconds` is ended.
        """
        self._folder = folder
        self._environment = environment
        self._runtime = runtime
        self._silence = silence_seconds
        self._search_path = environment.get("PATH", os.defpath)
        self._bundle = find_bundle(folder)
        self._single_steps: SingleSteps | None = None
        self._source_copy: SourceCopy | None = None
        self._numbers = count(1)
        """Those of the processes, which their folders are named after."""
        # Held by `produce`, which may take a moment to return after `stop`.
        self._turn = threading.Lock()
        # Guards the attributes below, which other threads change.
        self._lock = threading.Lock()
        self._process: CliProcess | None = None
        self._paused = False
        self._stop = runtime.flag()
        self.version: str = self._bundle.version() if self._bundle else MISSING

    def check(self) -> None:
        self._usable_bundle()

    def prepare(self, output: Path) -> None:
        """Ask the CLI whether it takes single steps, while the source is fetched."""
        self._steps(output).ask()

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        with self._turn, on_disk(workspace.output, _unusable):
            try:
                process = self._process_for(stage, workspace)
            except ProcessStoppedError:
                return
            try:
                yield from process.follow(stage)
            except BaseException:
                self._close()
                raise

    def pause(self) -> None:
        with self._lock:
            self._paused = True
            if self._process:
                self._process.pause()

    def unpause(self) -> None:
        with self._lock:
            self._paused = False
            if self._process:
                self._process.unpause()

    def stop(self) -> None:
        """End the CLI, children included."""
        with self._lock:
            self._stop.set()
            if self._single_steps:
                self._single_steps.stop()
            if self._process:
                self._process.kill()

    def usage(self) -> None:
        """Return None: the CLI does not report its usage."""

    def _usable_bundle(self) -> Bundle:
        bundle = self._bundle
        if bundle is None:
            raise EngineFailedError(
                f"FONDATION_PATH {self._folder} contains no Fondation CLI: put "
                "it there, as cloud-run/cli.bundled.cjs",
                temporary=False,
            )
        if shutil.which(bundle.program, path=self._search_path) is None:
            raise EngineFailedError(
                f"{bundle.program}, which runs the Fondation CLI, is not in PATH: install it",
                temporary=False,
            )
        return bundle

    def _process_for(self, stage: Stage, workspace: Workspace) -> CliProcess:
        """Return the running process if it will reach a stage, or start another."""
        with self._lock:
            stop = self._stop = self._runtime.flag()
        if self._process is not None and self._process.will_reach(stage):
            return self._process
        self._close()
        task = self._task(stage, workspace, stop)
        LOG.info(
            "starting the CLI",
            extra={"stage": stage, "all_stages": not task.single_stage},
        )
        process = CliProcess(task, workspace.output, self._runtime)
        with self._lock:
            self._process = process
            if self._paused:
                process.pause()
            if stop.is_set():
                process.kill()
        return process

    def _close(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _task(self, stage: Stage, workspace: Workspace, stop: Flag) -> CliTask:
        """Prepare a process: its folders, its environment, its command line."""
        bundle = self._usable_bundle()
        takes_steps = self._steps(workspace.output).taken(stop)
        root = workspace.output.with_name(_FOLDER)
        folder = self._new_folder(root)
        env = self._variables(root, folder)
        output = Path(env["CLAUDE_OUTPUT_DIR"])
        source = self._copy_source(workspace.source, root / "source")
        chosen = None
        if takes_steps:
            chosen = stage
        argv = bundle.argv(source, output, chosen)
        return CliTask(
            stage=stage,
            single_stage=takes_steps,
            command=Command(argv=argv, env=env, cwd=bundle.folder),
            folder=folder,
            output=output,
            silence_seconds=self._silence,
            secrets=secrets(self._environment),
        )

    def _steps(self, output: Path) -> SingleSteps:
        """Return the question for a run's folder of the course."""
        root = output.with_name(_FOLDER)

        def ask(stop: Flag) -> bool:
            bundle = self._usable_bundle()
            folder = self._new_folder(root)
            try:
                env = self._variables(root, folder)
                return bundle.takes_steps(env, self._runtime, stop)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

        with self._lock:
            steps = self._single_steps
            if steps is None:
                steps = SingleSteps(ask, self._runtime)
                self._single_steps = steps
        return steps

    def _new_folder(self, root: Path) -> Path:
        """Return the path of the next process's own folder."""
        return root / str(next(self._numbers))

    def _variables(self, root: Path, folder: Path) -> dict[str, str]:
        """Return the environment of a process whose own folder is `folder`."""
        home = root / "home"
        make_home(home, self._environment)
        scratch = _made(folder / "tmp")
        output = _made(folder / "output")
        env = variables(self._environment, home, scratch)
        env["CLAUDE_OUTPUT_DIR"] = str(output)
        return env

    def _copy_source(self, source: Path, path: Path) -> Path:
        if self._source_copy is None:
            self._source_copy = SourceCopy(path)
        self._source_copy.prepare(source)
        return self._source_copy.path


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _unusable(error: OSError) -> EngineFailedError:
    return EngineFailedError(
        f"the Fondation CLI could not be run: {error}", temporary=True
    )
