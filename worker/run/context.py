"""What the parts of a run share: the job that it owns, the store, its folder, and who is told."""

from dataclasses import dataclass

from worker.course.artifacts import Artifacts
from worker.ownership.log import Ownership
from worker.run.inbox import Desk
from worker.run.progress import Reporter
from worker.run.workspace import RunFolder
from worker.system.runtime import Runtime


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
