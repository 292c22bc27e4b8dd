"""The difference between the two clocks by which a store dates its answers and its objects."""

from typing import Final

from states.keys import heartbeat_key
from states.manifest import Manifest
from worker.errors import ConfigError, MissingError, StoreUnavailableError
from worker.ownership.heartbeat import put_heartbeat
from worker.store.port import Store
from worker.system.runtime import Runtime

HIDDEN_SECONDS: Final = 1
"""How much further apart the two clocks may be than dates in whole seconds show."""


def measure_skew(
    store: Store, manifest: Manifest, runtime: Runtime
) -> tuple[float, float]:
    """Measure with a heartbeat by how many seconds objects look too old, at least and at most.

    That is how far the clock of the store's answers (`Date`) is ahead of that of its objects
    (`Last-Modified`). Time also passes between the two, but no more than the whole request took.
    """
    sent = runtime.monotonic()
    answered_at = put_heartbeat(store, manifest, 0)
    took = runtime.monotonic() - sent
    if answered_at is None:
        return 0.0, 0.0
    try:
        head = store.head(heartbeat_key(manifest.job_id, manifest.run))
    except MissingError as error:
        raise StoreUnavailableError(
            "the heartbeat that was just written cannot be read: try again"
        ) from error
    ahead = answered_at - head.modified
    # guard: clocks: slow answers are not taken for a difference
    return ahead - took, ahead


def store_clocks_error(
    url: str, skew: float, lease_seconds: int
) -> ConfigError:
    """Return the error for a store whose clocks differ by more than the lease."""
    return ConfigError(
        f"the store {url} dates its answers {skew:.0f} s ahead of its objects (Date against "
        "Last-Modified), so each run looks dead at once with its lease of "
        f"{lease_seconds} s: synchronise the clocks of the store's servers and "
        "of any proxy in front, or set LEASE_SECONDS to more than that",
        code="store_clocks",
    )
