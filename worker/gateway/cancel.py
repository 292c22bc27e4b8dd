"""Has the command `cancel` carry out a request that is in the store already.

The command knows whether the job has a live run, and delivers the event if it has none. It
is repeated for a while: a run that died a moment ago looks alive until its lease ends.
"""

import logging
from collections.abc import Mapping
from typing import Final

from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing, read_standing
from worker.services.view import View
from worker.system.runtime import Flag

LOG = logging.getLogger(__name__)

TRIES: Final = 6
PAUSE_SECONDS: Final = 2.0
"""After the first try; it doubles each time."""


def see_to(
    view: View,
    program: ChildCommand,
    job_id: str,
    variables: Mapping[str, str],
    stopping: Flag,
) -> bool:
    """Carry out the request; tell whether the job is over and its webhook knows."""
    for number in range(TRIES):
        program.run("cancel", job_id, variables=variables, stopping=stopping)
        if read_standing(view, job_id) is Standing.OVER:
            return True
        if stopping.wait(PAUSE_SECONDS * 2**number):
            return False
    LOG.warning(
        "a job is still not canceled: its next run will", extra={"job_id": job_id}
    )
    return False
