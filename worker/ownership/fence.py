"""The fence between runs: a store that never lets a checkpoint be overwritten.

Each claim tests whether the store is a fence. If it is not, it is refused, unless the environment
allows it.
"""

import logging
from enum import Enum, auto

from states.decisions import release
from states.exits import Exit
from states.keys import checkpoint_key
from states.manifest import Writer
from worker.errors import ConfigError, ExistsError
from worker.ownership.log import MEDIA_TYPE, Checkpoint, CheckpointLog
from worker.store.port import Store
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)


class Proof(Enum):
    """The observed behaviour of a store."""

    FENCE = auto()
    OVERWROTE = auto()
    """It created a checkpoint twice, although the request forbade it."""
    LET_A_RIVAL_OVERWRITE = auto()
    """The checkpoint that it created is now another run's."""


class Fence:
    """The store of one job, as a fence between its runs."""

    def __init__(
        self,
        store: Store,
        log: CheckpointLog,
        runtime: Runtime,
        *,
        allow_unfenced: bool,
    ) -> None:
        """With `allow_unfenced`, a store that is not a fence is used, with a warning."""
        self._store = store
        self._log = log
        self._runtime = runtime
        self._allow_unfenced = allow_unfenced

    def check(self, checkpoint: Checkpoint) -> bool:
        """Return whether a claim that was just appended is still in the store.

        Raise ConfigError if the store is not a fence.
        """
        # guard: proof of the store
        proof = self.prove(checkpoint)
        if proof is not Proof.FENCE:
            self._refuse(checkpoint, proof)
        return proof is not Proof.LET_A_RIVAL_OVERWRITE

    def prove(self, checkpoint: Checkpoint) -> Proof:
        """Test the store with a checkpoint that it has just created.

        It must refuse to create the checkpoint again. A store that checks first and writes later
        also refuses, but may let another run that was checked at the same moment overwrite it. So
        the checkpoint is read back.
        """
        sequence = checkpoint.manifest.sequence
        key = checkpoint_key(self._log.job_id, sequence)
        try:
            self._store.create(key, checkpoint.body, MEDIA_TYPE)
        except ExistsError:
            stored = self._log.present(sequence)
            # guard: proof of the store: what it created is read back
            if stored.body != checkpoint.body:
                return Proof.LET_A_RIVAL_OVERWRITE
            return Proof.FENCE
        return Proof.OVERWROTE

    def release(self, checkpoint: Checkpoint) -> None:
        """Release a claim on a store that this run refuses to use."""
        now = iso(self._runtime.now())
        released = release(checkpoint.manifest, Exit.CONFIG, at=now)
        self._log.append(checkpoint, released, Writer.WORKER)

    def _refuse(self, checkpoint: Checkpoint, proof: Proof) -> None:
        fault = self._fault(checkpoint, proof)
        if self._allow_unfenced:
            LOG.warning(
                "the store is not a fence; continuing because of "
                "ALLOW_UNFENCED_STORE",
                extra={"reason": fault},
            )
            return
        # guard: proof of the store: what is another's is not withdrawn
        if proof is not Proof.LET_A_RIVAL_OVERWRITE:
            self._take_back(checkpoint)
        raise ConfigError(
            f"{fault}. Use a store that honours conditional writes, or set "
            "ALLOW_UNFENCED_STORE=1 if you ensure that a job never runs twice "
            "at once",
            code="unfenced_store",
        )

    def _take_back(self, checkpoint: Checkpoint) -> None:
        if checkpoint.manifest.sequence == 1:
            self._log.withdraw(checkpoint)
        else:
            # guard: a claim on a store that is not a fence is released
            self.release(checkpoint)

    def _fault(self, checkpoint: Checkpoint, proof: Proof) -> str:
        key = checkpoint_key(self._log.job_id, checkpoint.manifest.sequence)
        action = "overwrote"
        if proof is Proof.LET_A_RIVAL_OVERWRITE:
            action = "let another run overwrite"
        return (
            f"the store {action} {self._store.uri(key)} although the request forbade it "
            "(If-None-Match: *): it cannot keep two runs apart"
        )
