"""What the parts of a run share: the job that it owns, the store, its folder, and who is told."""

from dataclasses import dataclass

from worker.artifacts import Artifacts
from worker.checkpoint import Ownership
from worker.desk import Desk
from worker.report import Reporter
from worker.runtime import Runtime
from worker.workspace import RunFolder


@dataclass(kw_only=True, slots=True)
class Bench:
    """A run's tools."""

    runtime: Runtime
    desk: Desk
    owned: Ownership
    artifacts: Artifacts
    folder: RunFolder
    reporter: Reporter
    fruits: int = 0
    """How many new items this run has stored; the snapshot does not count."""
