"""Reports a run's progress on this machine: as log lines, or on a display."""

import logging
from typing import Protocol

from states.manifest import Manifest
from states.stages import INFO, STAGES, Stage

LOG = logging.getLogger(__name__)


class Reporter(Protocol):
    """Reports a run's progress."""

    def transition(self, manifest: Manifest) -> None:
        """Report a checkpoint."""

    def items(self, stage: Stage, done: int, total: int) -> None:
        """Report how many items of a stage are stored."""


class LogReporter:
    """Logs each transition, and item counts at intervals."""

    def transition(self, manifest: Manifest) -> None:
        fields = {
            "state": manifest.state,
            "sequence": manifest.sequence,
            "run": manifest.run,
        }
        stage = manifest.current_stage
        if stage is not None:
            fields |= {"step": INFO[stage].step, "steps": len(STAGES)}
        LOG.info("checkpoint", extra=fields)

    def items(self, stage: Stage, done: int, total: int) -> None:
        """Log a stage's items at every tenth of their number."""
        if total <= 1 or done == 0:
            return
        tenths = done * 10 // total
        before = done - 1
        tenths_before = before * 10 // total
        if tenths != tenths_before:
            fields = {"stage": stage, "done": done, "total": total}
            LOG.info("items stored", extra=fields)
