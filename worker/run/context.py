"""The context shared by the parts of a run."""

from dataclasses import dataclass

from worker.course.artifacts import Artifacts
from worker.engines.port import CallStore
from worker.ownership.log import Ownership
from worker.run.inbox import Inbox
from worker.run.progress import Reporter
from worker.run.workspace import RunFolder
from worker.settings.settings import Limits
from worker.system.runtime import Runtime


@dataclass(kw_only=True, slots=True)
class RunContext:
    """The job that a run owns, and what the run works with."""

    runtime: Runtime
    inbox: Inbox
    owned: Ownership
    artifacts: Artifacts
    folder: RunFolder
    reporter: Reporter
    limits: Limits
    calls: CallStore
    new_items: int = 0
    """How many new items this run has stored; the snapshot does not count."""
