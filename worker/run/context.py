"""What the parts of a run share: the job that it owns, the store, its folder, and who is told."""

from dataclasses import dataclass

from worker.course.artifacts import Artifacts
from worker.ownership.log import Ownership
from worker.run.inbox import Inbox
from worker.run.progress import Reporter
from worker.run.workspace import RunFolder
from worker.system.runtime import Runtime


@dataclass(kw_only=True, slots=True)
class RunContext:
    """A run's tools."""

    runtime: Runtime
    inbox: Inbox
    owned: Ownership
    artifacts: Artifacts
    folder: RunFolder
    reporter: Reporter
    new_items: int = 0
    """How many new items this run has stored; the snapshot does not count."""
