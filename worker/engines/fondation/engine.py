"""The engine: one CLI process per stage, or one process of an older CLI for all."""

import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from states.stages import Stage
from worker.engines.fondation import cli_environment as home
from worker.engines.fondation.cli_bundle import MISSING, Bundle, find_bundle
from worker.engines.fondation.cli_process import CliProcess, CliTask
from worker.engines.fondation.source_copy import Tree
from worker.engines.port import EngineFailedError, Item, Workspace
from worker.system.disk import on_disk
from worker.system.process import Command, ProcessStoppedError
from worker.system.runtime import Flag, Runtime

LOG = logging.getLogger(__name__)

_FOLDER: Final = "fondation"
"""Beside the course's folder, in that of the run: all that the CLI sees is in there."""


class FondationEngine:
    """Drives the Fondation CLI."""

    name = "fondation"

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        runtime: Runtime,
        *,
        silence_seconds: float,
    ) -> None:
        """Take the CLI in a folder, if it is there, and the environment that it may see.

        A process that shows no sign of life for `silence_seconds` is ended.
        """
        self._place = folder
        self._environment = environment
        self._runtime = runtime
        self._silence = silence_seconds
        self._search_path = environment.get("PATH", os.defpath)
        self._bundle = find_bundle(folder)
        self._takes_steps: bool | None = None
        self._tree: Tree | None = None
        self._started = 0
        # Held by `produce`: one that was stopped may take a moment to end.
        self._turn = threading.Lock()
        # Guards the following, which other threads change.
        self._lock = threading.Lock()
        self._session: CliProcess | None = None
        self._paused = False
        self._stop = runtime.flag()
        self.version: str = self._bundle.version() if self._bundle else MISSING

    def check(self) -> None:
        """Raise EngineFailedError if there is no CLI, or nothing that runs it."""
        self._found()

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Make the items of a stage, and yield each as soon as it is complete."""
        with self._turn, on_disk(workspace.output, _unusable):
            try:
                session = self._session_for(stage, workspace)
            except ProcessStoppedError:
                return
            try:
                yield from session.follow(stage)
            except BaseException:
                self._close()
                raise

    def pause(self) -> None:
        """Stop the CLI where it is."""
        with self._lock:
            self._paused = True
            if self._session:
                self._session.pause()

    def unpause(self) -> None:
        """Let the CLI go on."""
        with self._lock:
            self._paused = False
            if self._session:
                self._session.unpause()

    def stop(self) -> None:
        """End the CLI, children included."""
        with self._lock:
            self._stop.set()
            if self._session:
                self._session.kill()

    def _found(self) -> Bundle:
        bundle = self._bundle
        if bundle is None:
            raise EngineFailedError(
                f"FONDATION_PATH {self._place} has no Fondation CLI: "
                "put it there, as cloud-run/cli.bundled.cjs",
                temporary=False,
            )
        if shutil.which(bundle.program, path=self._search_path) is None:
            raise EngineFailedError(
                f"{bundle.program}, which runs the Fondation CLI, is not in PATH: install it",
                temporary=False,
            )
        return bundle

    def _session_for(self, stage: Stage, workspace: Workspace) -> CliProcess:
        """Return the process that goes on to a stage, or start one."""
        with self._lock:
            stop = self._stop = self._runtime.flag()
        if self._session is not None and self._session.goes_on(stage):
            return self._session
        self._close()
        plan = self._plan(stage, workspace, stop)
        LOG.info(
            "starting the CLI",
            extra={"stage": stage, "all_stages": not plan.alone},
        )
        session = CliProcess(plan, workspace.output, self._runtime)
        with self._lock:
            self._session = session
            if self._paused:
                session.pause()
            if stop.is_set():
                session.kill()
        return session

    def _close(self) -> None:
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _plan(self, stage: Stage, workspace: Workspace, stop: Flag) -> CliTask:
        """Prepare a process: its folders, its environment, and what it is to do."""
        bundle = self._found()
        root = workspace.output.with_name(_FOLDER)
        self._started += 1
        folder = root / str(self._started)
        output, scratch = folder / "output", folder / "tmp"
        for made in (output, scratch):
            made.mkdir(parents=True)
        home.make_home(root / "home", self._environment)
        env = home.variables(self._environment, root / "home", scratch) | {
            "CLAUDE_OUTPUT_DIR": str(output)
        }
        if self._tree is None:
            self._tree = Tree(root / "source")
        self._tree.prepare(workspace.source)
        if self._takes_steps is None:
            self._takes_steps = bundle.takes_steps(env, self._runtime, stop)
        argv = bundle.argv(
            self._tree.path, output, stage if self._takes_steps else None
        )
        return CliTask(
            stage=stage,
            alone=self._takes_steps,
            command=Command(argv=argv, env=env, cwd=bundle.folder),
            folder=folder,
            output=output,
            silence_seconds=self._silence,
            secrets=home.secrets(self._environment),
        )


def _unusable(error: OSError) -> EngineFailedError:
    return EngineFailedError(
        f"the Fondation CLI could not be run: {error}", temporary=True
    )
