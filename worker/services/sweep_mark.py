"""A sweep's mark: the sweep that creates it may start one run after a dead one.

The platform's `start` takes no idempotency key, so the store decides between two sweeps. A mark is
an object that is created, never overwritten, and its key contains the dead run's id. So sweeps
start only one run after each dead run, even while the platform's list does not show that run yet.
If the new run dies too, the next mark has its id.

One gap remains: if a sweep is killed between creating its mark and starting the run, the job is
left alone for STALE_SECONDS.
"""

from contextlib import suppress
from typing import Final

from states.keys import sweep_mark_key
from worker.errors import ExistsError, MissingError
from worker.store.port import Store
from worker.system.runtime import Runtime

STALE_SECONDS: Final = 900
"""A mark of this age has been abandoned: starting a run takes a third of it at most."""
_MEDIA_TYPE: Final = "text/plain"


def take(
    store: Store, runtime: Runtime, job_id: str, run_id: str
) -> str | None:
    """Create a mark for the run after a dead one, and return its key.

    Returns None if another sweep was first.
    """
    body = runtime.token().encode("ascii")
    number = 1
    while True:
        key = sweep_mark_key(job_id, run_id, number)
        try:
            store.create(key, body, _MEDIA_TYPE)
        except ExistsError:
            with suppress(MissingError):  # withdrawn in the meantime: try again
                if store.get(key) == body:
                    # The answer to our own create was lost.
                    return key
                if store.head(key).age <= STALE_SECONDS:
                    return None
                number += 1
        else:
            return key


def withdraw(store: Store, key: str) -> None:
    """Delete a mark after which no run was started."""
    store.delete([key])
