"""Puts a run together from its parts, and takes it apart again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.exits import Exit
from states.manifest import EngineRef, Identity, Manifest
from worker.course.artifacts import Artifacts
from worker.engines.port import Engine, NoEngine
from worker.outbox.announcer import Announcer, Linker
from worker.outbox.port import Webhook
from worker.outbox.sender import Sender
from worker.ownership.claim import Claimant, Newcomer, OperatorRequest
from worker.ownership.lease import KeepAlive, Lease
from worker.ownership.log import CheckpointLog, Ownership
from worker.run.clone import Cloner
from worker.run.context import RunContext
from worker.run.inbox import Inbox, StoppedError
from worker.run.produce import Producer, check_engine
from worker.run.progress import Reporter
from worker.run.runner import Patience, Runner
from worker.run.workspace import RunFolder
from worker.source.port import Packer, Source
from worker.store.port import Store
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)

TRANSFERS: Final = 16
"""How many objects are transferred at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a run is made of: everything outside the protocol, behind ports."""

    runtime: Runtime
    store: Store
    """Must not retry by itself."""
    open_lease_store: Callable[[], Store]
    """Opens the same store on connections of its own, for the lease, so that nothing else keeps it waiting."""
    choose_engine: Callable[[Manifest | None], Engine]
    """Returns the engine for a new job, or the one that a job began with; may refuse."""
    open_source: Callable[[Identity, Path], Source]
    """Opens where the repository comes from, with a folder for scratch."""
    packer: Packer
    open_webhook: Callable[[], Webhook] | None
    reporter: Reporter


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a run behaves; times in seconds."""

    who: Newcomer
    work_dir: Path
    store_give_up: float
    callback_give_up: float
    stage_timeout: float
    stop_grace: float
    url_expiry: int


class Run:
    """One process's run of one job."""

    def __init__(self, parts: Parts, terms: Terms, job_id: str) -> None:
        """Prepare; nothing is read or written yet."""
        self._parts = parts
        self._terms = terms
        self._engine: Engine = NoEngine()
        self._retrier = Retrier(parts.runtime, parts.runtime.flag())
        self._store = RetryingStore(
            parts.store,
            self._retrier,
            give_up_seconds=terms.store_give_up,
            monotonic=parts.runtime.monotonic,
        )
        self.inbox: Final = Inbox(parts.runtime)
        """Where a Stop is left for the run."""
        self.log: Final = CheckpointLog(
            self._store, job_id, parts.runtime, self._store.attempt
        )

    def run(self, identity: Identity) -> Exit:
        """Begin the job or go on with it, to its end; return the exit code."""
        return self._own(lambda claimant: claimant.start(identity, self._choose))

    def resume(self, word: OperatorRequest) -> Exit:
        """Go on with the job by an operator's word, if its engine can work here.

        Return the exit code.
        """

        def choose(manifest: Manifest | None) -> EngineRef:
            ref = self._choose(manifest)
            check_engine(self._engine)
            return ref

        return self._own(lambda claimant: claimant.resume(choose, word))

    def cancel(self) -> Exit:
        """Cancel the job, and tell the webhook; or ask the run that works on it to."""
        return self._own(lambda claimant: claimant.cancel())

    def redeliver(self) -> Exit:
        """Send again the event that told the job's end, if it was rejected.

        Return the job's exit code.
        """
        return self._own(lambda claimant: claimant.redeliver())

    def _choose(self, manifest: Manifest | None) -> EngineRef:
        self._engine = self._parts.choose_engine(manifest)
        return EngineRef(name=self._engine.name, version=self._engine.version)

    def _own(self, claim: Callable[[Claimant], Ownership | Exit]) -> Exit:
        claimant = Claimant(
            self._store, self.log, self.inbox, self._parts.runtime, self._terms.who
        )
        folder = RunFolder(self._terms.work_dir, self.log.job_id, self.log.token)
        try:
            owned = claim(claimant)
            return owned if isinstance(owned, Exit) else self._work(owned, folder)
        except StoppedError as stopped:
            return stopped.stop.exit_code
        finally:
            folder.remove()

    def _work(self, owned: Ownership, folder: RunFolder) -> Exit:
        parts, terms, inbox, runtime = (
            self._parts,
            self._terms,
            self.inbox,
            self._parts.runtime,
        )
        engine = self._engine
        artifacts = Artifacts(self._store, self.log.job_id, runtime.executor(TRANSFERS))
        lease = Lease(parts.open_lease_store, owned, runtime, inbox.mailbox)
        keep_alive = KeepAlive(
            lease, inbox.mailbox, runtime, give_up_seconds=terms.store_give_up
        )
        sender = (
            Sender(parts.open_webhook, lease, runtime, inbox.mailbox)
            if parts.open_webhook
            else None
        )
        announcer = Announcer(
            Linker(self._store, artifacts, runtime, expires_seconds=terms.url_expiry),
            self.log,
            sender,
        )
        context = RunContext(
            runtime=runtime,
            inbox=inbox,
            owned=owned,
            artifacts=artifacts,
            folder=folder,
            reporter=parts.reporter,
        )
        identity = owned.manifest.identity
        cloner = Cloner(
            context, lambda: parts.open_source(identity, folder.scratch), parts.packer
        )
        producer = Producer(
            context, cloner, engine, timeout_seconds=terms.stage_timeout
        )
        patience = Patience(
            callback_give_up=terms.callback_give_up,
            stop_grace=terms.stop_grace,
            finish_within=self._retrier.finish_within,
        )
        runner = Runner(context, cloner, producer, announcer, patience)

        def on_refreshed() -> None:
            # guard: the lease: it is reasserted by an append
            if lease.reassert(runner.reassert):
                engine.unpause()
                if lease.suspended:  # it was lost once more between the two
                    engine.pause()

        inbox.on_refreshed = on_refreshed
        inbox.suspended = lambda: lease.suspended
        # guard: the lease: the engine stands still when it is lost
        keep_alive.start(on_lost=engine.pause)
        if sender is not None:
            sender.start()
        try:
            return runner.run()
        finally:
            # guard: the lease: it is given up when the run ends
            lease.revoke()
            announcer.close()
            keep_alive.stop()
            # guard: the end of children: an engine is stopped with its run
            engine.stop()
