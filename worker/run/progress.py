"""Who is told how a run gets on, besides the webhook: a progress display, or log lines."""

import logging
from typing import Protocol

from states.manifest import Manifest
from states.stages import INFO, STAGES, Stage

LOG = logging.getLogger(__name__)


class Reporter(Protocol):
    """Is told what happens, as it happens."""

    def transition(self, manifest: Manifest) -> None:
        """Hear of a checkpoint."""

    def items(self, stage: Stage, done: int, total: int) -> None:
        """Hear how many items of a stage are stored."""


class LogReporter:
    """Writes a log line for each transition, and for items now and then."""

    def transition(self, manifest: Manifest) -> None:
        """Log where the job stands now."""
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
        """Log how far a stage is, at each tenth of it."""
        if total > 1 and done and done * 10 // total != (done - 1) * 10 // total:
            LOG.info(
                "items stored", extra={"stage": stage, "done": done, "total": total}
            )
