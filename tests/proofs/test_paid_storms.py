"""Jobs of the engine `claude` on a store and an API where everything goes wrong at once.

The store: errors, SlowDown, answers dropped after the effect, resets and silences. The API: rate
limits with and without `retry-after`, overload, error pages, streams that are cut, silent or end
with an error, answers that are dropped, and resets.

`FONDATION_STORMS=20 pytest tests/proofs/test_paid_storms.py -rP` does more of them, every second
one with message batches.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from states.exits import Exit
from tests.support.claude_jobs import ClaudeJobs, check_account
from tests.support.fault_proxy import STORM, Proxy, ProxyFault, at_random
from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.platform_job import PlatformJob

STORMS = int(os.environ.get("FONDATION_STORMS", "1"))
FIRST_SEED = 36
STORE_RATE = 0.1
CALLS, FAILING = 5, 2
"""Of 5 calls or batches, 2 fail."""
PROXY_RATE = 0.05
"""Share of requests to the API that are reset, or whose answers are dropped."""
SILENCE_SECONDS = 4.0
MAX_RUNS = 12
REFUSED = {
    "429, retry-after": Fault(status=429, headers={"retry-after": "1"}),
    "429": Fault(status=429),
    "529": Fault(status=529),
    "500": Fault(status=500),
}
"""Calls that cost nothing; these faults are the most frequent."""
LOST = {
    "503 of a proxy": Fault(status=503, page=True),
    "cut": Fault(cut=5),
    "silent": Fault(silent=3),
    "error in a stream": Fault(error=4),
    "lost": Fault(lost=True),
}


class FaultyServer(MessagesServer):
    """An API that often fails."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.silence_seconds = SILENCE_SECONDS
        self.failing = True
        self.injected: Counter[str] = Counter()
        self._chance = random.Random(seed)  # noqa: S311 - a seed
        self._drawn: list[str | None] = []

    def take_fault(self, what: str) -> Fault:
        super().take_fault(what)
        if not self.failing or not what.startswith("POST /v1/messages"):
            return Fault()
        with self._lock:
            name = self._draw()
            if name is None:
                return Fault()
            self.injected[name] += 1
        return {**REFUSED, **LOST}[name]

    def _draw(self) -> str | None:
        """Draw the fault of the next call, if it has one."""
        if not self._drawn:
            kinds = [*3 * [*REFUSED], *LOST]
            self._drawn += self._chance.choices(kinds, k=FAILING)
            self._drawn += [None] * (CALLS - FAILING)
            self._chance.shuffle(self._drawn)
        return self._drawn.pop()


@pytest.fixture
def api(seed: int) -> Iterator[FaultyServer]:
    with FaultyServer(seed) as server:
        yield server


def drive(job: PlatformJob, batch: str) -> None:
    """Start runs, as the platform does, until one ends the job."""
    for _ in range(MAX_RUNS):
        run = job.start(
            LEASE_SECONDS="6", STORE_GIVE_UP_SECONDS="60", MODEL_BATCH=batch
        )
        code = run.wait(300)
        if code == 0:
            return
        assert code in {Exit.TEMPORARY, Exit.REPLACED}, job.report()
    pytest.fail(job.report())


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + STORMS))
@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_job_survives_a_store_and_an_api_where_everything_goes_wrong(
    seed: int,
    claude_jobs: ClaudeJobs,
    proxy: Proxy,
    api_proxy: Proxy,
    api: FaultyServer,
) -> None:
    job = claude_jobs.new("job-1")
    proxy.silence_seconds = SILENCE_SECONDS
    proxy.policy = at_random(seed, STORE_RATE, STORM)
    api_proxy.policy = at_random(
        seed, PROXY_RATE, (ProxyFault.RESET, ProxyFault.LOST)
    )
    drive(job, str(seed % 2))
    api.failing = False
    for faulty_proxy in (proxy, api_proxy):
        faulty_proxy.policy = lambda _method, _path: None
    account = check_account(job, api.paid)
    store = {str(fault.name): n for fault, n in proxy.faults.items()}
    assert len(store) > 3, "too few faults were injected"
    assert api.injected.total() >= FAILING, "too few faults were injected"
    print(  # noqa: T201 - shown with `-rP`
        f"seed {seed}: {len(job.runs)} runs, {account}; {store}; "
        f"{dict(api.injected)}, {dict(api_proxy.faults)}"
    )
