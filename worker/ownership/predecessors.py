"""How long the runs that this one has replaced may still act.

An operator may replace a run that is alive (`--takeover`). Under its lease, that run keeps looking
for newer checkpoints, so it acts for at most one lease after the claim. Work that two runs must not
do at the same time, such as spending one budget, waits for that. An ordinary claim has already
waited for the lease of the previous run: its last heartbeat is older than the lease.
"""

from dataclasses import replace
from typing import Final

from states.manifest import Manifest, RunRecord
from states.takeover import replaced_lease
from worker.ownership.clocks import HIDDEN_SECONDS
from worker.ownership.heartbeat import read_heartbeat
from worker.store.port import Store
from worker.system.runtime import Runtime


class Predecessors:
    """The earlier runs of a job that did not end in order; for several threads."""

    def __init__(
        self, store: Store, manifest: Manifest, runtime: Runtime
    ) -> None:
        """Take the manifest of a claim that the store has confirmed."""
        self._store = store
        self._manifest: Final = manifest
        self._runtime = runtime
        self._claimed: Final = runtime.monotonic()
        self._act_until: float | None = None

    def may_act(self) -> bool:
        """Whether one of them may still hold a lease. Raises a StoreFaultError."""
        if self._act_until is None:
            # Two threads may both look: each waits as long as it has seen, or longer.
            self._act_until = self._claimed + self._seconds()
        return self._runtime.monotonic() < self._act_until

    def _seconds(self) -> int:
        """Return how many seconds after the claim one of them may still act."""
        manifest = self._manifest
        for record in manifest.runs[:-1]:
            if record.ended_at is None and self._may_be_alive(record):
                return replaced_lease(manifest) + HIDDEN_SECONDS
        return 0

    def _may_be_alive(self, record: RunRecord) -> bool:
        runs = self._manifest.runs[: record.number]
        as_owner = replace(self._manifest, run=record.number, runs=runs)
        heartbeat = read_heartbeat(self._store, as_owner)
        # Without a heartbeat, nothing shows how long it has been silent.
        return heartbeat.age is None or heartbeat.age <= heartbeat.lease_seconds
