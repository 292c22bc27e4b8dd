"""The mark of a sweep: who has it may start one run after a dead one.

The platform's `start` takes no idempotency key, so the store decides between two sweeps: a
mark is an object that is created, never overwritten, under a name made of the dead run's
id. So after any one dead run, sweeps start one run, whether the platform's list shows that
already or not; when it has died too, it is the next mark's name.

What remains: a sweep that was killed between its mark and its start leaves the job alone
for STALE_SECONDS.
"""

from contextlib import suppress
from typing import Final

from states.keys import sweep_mark_key
from worker.errors import ExistsError, MissingError
from worker.store.port import Store
from worker.system.runtime import Runtime

STALE_SECONDS: Final = 900
"""After so long the sweep that left a mark is gone: starting a run takes a third of it at the very most."""
_MEDIA_TYPE: Final = "text/plain"


def take(store: Store, runtime: Runtime, job_id: str, run_id: str) -> str | None:
    """Leave a mark for the run after a dead one, and return its key.

    None if another sweep was first.
    """
    body = runtime.token().encode("ascii")
    number = 1
    while True:
        key = sweep_mark_key(job_id, run_id, number)
        try:
            store.create(key, body, _MEDIA_TYPE)
        except ExistsError:
            with suppress(MissingError):  # withdrawn meanwhile: it can be had again
                if store.get(key) == body:  # the answer of an earlier attempt was lost
                    return key
                if store.head(key).age <= STALE_SECONDS:
                    return None
                number += 1
        else:
            return key


def withdraw(store: Store, key: str) -> None:
    """Take a mark back: no run was started."""
    store.delete([key])
