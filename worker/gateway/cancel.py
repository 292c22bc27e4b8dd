"""Cancels jobs: the wish is in the store before it is answered, so that whoever works on the job next finds it.

Carrying it out is left to the command `cancel`, which knows whether anybody runs the job,
and delivers the event if nobody does. It is told again for a while: a run that died a
moment ago looks alive until its lease is over.
"""

import logging
from collections.abc import Mapping
from typing import Final

from states.decisions import request_cancel
from states.manifest import Identity, Writer
from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing, read_standing
from worker.gateway.port import UnknownJobError
from worker.ownership.log import Checkpoint, CheckpointLog, OvertakenError
from worker.services.unstarted import wish_to_cancel
from worker.services.view import View
from worker.system.runtime import Flag

LOG = logging.getLogger(__name__)

TRIES: Final = 6
PAUSE_SECONDS: Final = 2.0
"""After the first try; it doubles each time."""


def wish(view: View, job_id: str, waiting: Identity | None, engine: str) -> None:
    """Write down that a job is to be canceled; raise UnknownJobError.

    Of a job that is only `waiting` this is the first checkpoint, and names the engine that
    it would have had.
    """
    log = CheckpointLog(view.store, job_id, view.runtime)
    known: Checkpoint | None = None
    while True:
        newest = log.newest(known)
        if newest is not None:
            if newest.manifest.over or newest.manifest.cancel_requested:
                return
            wished = request_cancel(newest.manifest)
        elif waiting is not None:
            wished = wish_to_cancel(view, waiting, engine)
        else:
            raise UnknownJobError
        try:
            log.append(newest, wished, Writer.OPERATOR)
        except OvertakenError as overtaken:
            known = overtaken.found
            continue
        return


def see_to(
    view: View,
    program: ChildCommand,
    job_id: str,
    variables: Mapping[str, str],
    stopping: Flag,
) -> bool:
    """Have a wish carried out; tell whether the job is over and its webhook knows."""
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
