"""Posts an event in a process: `python -m tests.support.posting URL SECONDS [CLOSE_AFTER [SIZE]]`.

The run may send for SECONDS. Prints when and how the exchange ended, and exits once all its
threads have ended.
"""

import sys
import threading
import time
from collections.abc import Callable

from worker.outbox.port import UnreachableError
from worker.outbox.webhook import HttpWebhook
from worker.settings.callback import CallbackSettings
from worker.settings.reader import Secret
from worker.system.runtime import SystemRuntime


def main(
    url: str, seconds: str, close_after: str = "3600", size: str = "2"
) -> None:
    settings = CallbackSettings(url=url, token=Secret("t"), signing_key=None)
    webhook, began = (
        HttpWebhook(settings, SystemRuntime(), "test"),
        time.monotonic(),
    )
    closing = threading.Timer(float(close_after), webhook.close)
    closing.daemon = True
    closing.start()
    try:
        outcome = str(
            webhook.post(b"x" * int(size), "k", running_down(float(seconds)))
        )
    except UnreachableError as error:
        outcome = f"unreachable: {error}"
    sys.stdout.write(f"{time.monotonic() - began:.3f} {outcome}\n")
    for thread in threading.enumerate():
        if thread.name == "exchange":
            thread.join()


def running_down(seconds: float) -> Callable[[], float]:
    """Return a function that returns for how many more seconds the run may send."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


if __name__ == "__main__":
    main(*sys.argv[1:])
