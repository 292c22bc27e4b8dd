"""Views of a store, as the commands open them."""

from worker.services.view import View
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import read_settings
from worker.store.port import Store
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime, SystemRuntime


def view(
    store: Store,
    runtime: Runtime | None = None,
    *,
    give_up_seconds: float = 5,
) -> View:
    runtime = runtime or SystemRuntime()
    retrying = RetryingStore(
        store,
        Retrier(runtime, runtime.flag()),
        give_up_seconds=give_up_seconds,
        monotonic=runtime.monotonic,
    )
    return View(
        settings=read_settings(EnvironmentReader({})),
        store=retrying,
        runtime=runtime,
    )
