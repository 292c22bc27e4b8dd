"""A run of a job by one process: creates and connects its parts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from states.exits import Exit
from states.manifest import EngineRef, Identity, Manifest
from worker.course.artifacts import TRANSFERS, Artifacts
from worker.engines.port import Engine, NoEngine
from worker.outbox.announcer import Announcer
from worker.outbox.links import Linker
from worker.outbox.port import Webhook
from worker.outbox.sender import Sender
from worker.ownership.claim import Claimant, OperatorRequest
from worker.ownership.keep_alive import KeepAlive
from worker.ownership.lease import Lease
from worker.ownership.log import CheckpointLog, Ownership
from worker.ownership.predecessors import Predecessors
from worker.run.calls import StoredCalls
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import Inbox, StoppedError
from worker.run.produce import Producer, check_engine
from worker.run.progress import Reporter
from worker.run.runner import Runner
from worker.run.update import Updater
from worker.run.workspace import RunFolder
from worker.settings.settings import Limits
from worker.source.port import Packer, Source
from worker.store.port import Store
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapters:
    """The ports through which a run reaches other systems."""

    runtime: Runtime
    store: Store
    """Must not retry by itself."""
    open_lease_store: Callable[[], Store]
    """Opens the same store on separate connections, for the lease."""
    open_engine: Callable[[Manifest | None], Engine]
    """Opens the engine for a new job, or the engine of an existing one; may refuse."""
    open_source: Callable[[Identity, Path], Source]
    """Opens the repository, with a folder for temporary files."""
    packer: Packer
    open_webhook: Callable[[], Webhook] | None
    reporter: Reporter
    announces_usage: bool
    """Whether events report the usage of the job's paid calls."""


class Run:
    """A run of a job by one process."""

    def __init__(
        self,
        adapters: Adapters,
        limits: Limits,
        work_dir: Path,
        job_id: str,
        *,
        platform_run: str | None = None,
        allow_unfenced: bool = False,
    ) -> None:
        """Prepare; nothing is read or written yet.

        `platform_run` is the platform's id of this run. `allow_unfenced` accepts a store
        that cannot keep two runs apart.
        """
        runtime = adapters.runtime
        self._adapters = adapters
        self._limits = limits
        self._platform_run = platform_run
        self._allow_unfenced = allow_unfenced
        self._engine: Engine = NoEngine()
        self._retrier = Retrier(runtime, runtime.flag())
        self._store = RetryingStore(
            adapters.store,
            self._retrier,
            give_up_seconds=limits.store_give_up_seconds,
            monotonic=runtime.monotonic,
        )
        self.inbox: Final = Inbox(runtime)
        """Takes a Stop that ends the run."""
        self.log: Final = CheckpointLog(
            self._store, job_id, runtime, self._store.attempt
        )
        self._work_dir = work_dir

    def run(
        self, identity: Identity, *, update_from: str | None = None
    ) -> Exit:
        """Start or resume the job, and work until it ends; return the exit code.

        A new job updates the course of the job `update_from`.
        """
        return self._own(
            lambda claimant: claimant.start(
                identity, self._open_engine, update_from
            )
        )

    def resume(self, request: OperatorRequest) -> Exit:
        """Resume the job at an operator's request, if its engine can work here."""

        def open_checked_engine(manifest: Manifest | None) -> EngineRef:
            if manifest is not None and request.budget is not None:
                # guard: an operator's limit is the one that the engine is checked with
                manifest = replace(manifest, budget=request.budget)
            ref = self._open_engine(manifest)
            check_engine(self._engine)
            return ref

        return self._own(
            lambda claimant: claimant.resume(open_checked_engine, request)
        )

    def cancel(self) -> Exit:
        """Cancel the job and deliver the event, or ask its live run to do so."""
        return self._own(lambda claimant: claimant.cancel())

    def redeliver(self) -> Exit:
        """Send the final event again if it was rejected; return the job's exit code."""
        return self._own(lambda claimant: claimant.redeliver())

    def _open_engine(self, manifest: Manifest | None) -> EngineRef:
        engine = self._adapters.open_engine(manifest)
        self._engine = engine
        return EngineRef(
            name=engine.name,
            version=engine.version,
            model=engine.model,
            language=engine.language,
        )

    def _own(self, claim: Callable[[Claimant], Ownership | Exit]) -> Exit:
        claimant = Claimant(
            store=self._store,
            log=self.log,
            runtime=self._adapters.runtime,
            wait=self.inbox.wait,
            lease_seconds=self._limits.lease_seconds,
            announces=self._adapters.open_webhook is not None,
            platform_run=self._platform_run,
            allow_unfenced=self._allow_unfenced,
        )
        folder = RunFolder(self._work_dir, self.log.job_id, self.log.token)
        try:
            owned = claim(claimant)
            if isinstance(owned, Exit):
                return owned
            return self._work(owned, folder)
        except StoppedError as stopped:
            return stopped.stop.exit_code
        finally:
            folder.remove()

    def _work(self, owned: Ownership, folder: RunFolder) -> Exit:
        """Work on the job that this run owns, under its lease."""
        lease = Lease(
            self._adapters.open_lease_store,
            owned,
            self._adapters.runtime,
            self.inbox.mailbox,
        )
        owned.on_appended = lease.note_append
        context = self._context(owned, lease, folder)
        sender = self._sender(lease)
        announcer = self._announcer(context, sender)
        runner = self._runner(context, announcer)
        self.inbox.suspended = lambda: lease.suspended
        self.inbox.on_refreshed = lambda: self._reassert(lease, runner)
        with self._kept_alive(lease):
            if sender is not None:
                sender.start()
            try:
                return runner.run()
            finally:
                # guard: the lease: it is given up when the run ends
                lease.revoke()
                announcer.close()

    def _context(
        self, owned: Ownership, lease: Lease, folder: RunFolder
    ) -> RunContext:
        store = self._store
        job_id = self.log.job_id
        runtime = self._adapters.runtime
        predecessors = Predecessors(store, owned.manifest, runtime)

        def owns_alone() -> bool:
            # guard: paid calls: none begins while a replaced run may act
            return lease.held and not predecessors.may_act()

        calls = StoredCalls(
            store, job_id, runtime.executor(TRANSFERS), owns_alone
        )
        return RunContext(
            runtime=runtime,
            inbox=self.inbox,
            owned=owned,
            artifacts=Artifacts(store, job_id, runtime.executor(TRANSFERS)),
            folder=folder,
            reporter=self._adapters.reporter,
            limits=self._limits,
            calls=calls,
        )

    def _announcer(
        self, context: RunContext, sender: Sender | None
    ) -> Announcer:
        linker = Linker(
            self._store,
            context.artifacts,
            context.runtime,
            expires_seconds=self._limits.url_expiry_seconds,
        )
        return Announcer(
            linker,
            self.log,
            sender,
            with_usage=self._adapters.announces_usage,
        )

    def _sender(self, lease: Lease) -> Sender | None:
        open_webhook = self._adapters.open_webhook
        if open_webhook is None:
            return None
        return Sender(
            open_webhook, lease, self._adapters.runtime, self.inbox.mailbox
        )

    def _runner(self, context: RunContext, announcer: Announcer) -> Runner:
        identity = context.owned.manifest.identity
        scratch = context.folder.scratch
        cloner = Cloner(
            context,
            lambda: self._adapters.open_source(identity, scratch),
            self._adapters.packer,
        )
        updater = Updater(context, cloner, self._store, self._adapters.packer)
        producer = Producer(context, cloner, updater, self._engine)
        return Runner(
            context,
            cloner,
            updater,
            producer,
            announcer,
            self._retrier.finish_within,
        )

    def _reassert(self, lease: Lease, runner: Runner) -> None:
        """Append a checkpoint after the lease has expired, and let the engine continue."""
        # guard: the lease: it is reasserted by an append
        if lease.reassert(runner.reassert):
            self._engine.unpause()
            # The lease may have expired again in the meantime.
            if lease.suspended:
                self._engine.pause()

    @contextmanager
    def _kept_alive(self, lease: Lease) -> Iterator[None]:
        """Keep the lease alive; pause the engine when it expires, and stop it afterwards."""
        keep_alive = KeepAlive(
            lease,
            self.inbox.mailbox,
            self._adapters.runtime,
            give_up_seconds=self._limits.store_give_up_seconds,
        )
        # guard: the lease: the engine is paused when it is lost
        keep_alive.start(on_lost=self._engine.pause)
        try:
            yield
        finally:
            keep_alive.stop()
            # guard: the end of children: an engine is stopped with its run
            self._engine.stop()
