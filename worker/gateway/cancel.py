"""Carries out a cancel request that is already in the store, with the command `cancel`.

The command knows whether the job has a live run, and delivers the event if it has none. It is
repeated for a while, because a run that has just died looks alive until its lease expires.
"""

import logging
from typing import Final

from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing, read_standing
from worker.services.view import View
from worker.system.environment import Environment
from worker.system.runtime import Flag

LOG = logging.getLogger(__name__)

TRIES: Final = 6
PAUSE_SECONDS: Final = 2.0
"""The pause after the first attempt; it doubles each time."""


def carry_out_cancel(
    view: View,
    command: ChildCommand,
    job_id: str,
    variables: Environment,
    stopping: Flag,
) -> bool:
    """Cancel a job; return whether it is over and the final callback is acknowledged."""
    for number in range(TRIES):
        command.run("cancel", job_id, variables=variables, stopping=stopping)
        if read_standing(view, job_id) is Standing.OVER:
            return True
        if stopping.wait(PAUSE_SECONDS * 2**number):
            return False
    LOG.warning(
        "a job could not be canceled yet; its next run will cancel it",
        extra={"job_id": job_id},
    )
    return False
