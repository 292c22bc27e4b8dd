"""Jobs of the engine `claude` in real processes, which are killed at given requests."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from states.stages import INFO, Stage
from tests.support.fault_proxy import Proxy, ProxyFault
from tests.support.git_repository import Repository
from tests.support.messages_api.model import Document
from tests.support.platform_job import PlatformJob, WorkerProcess
from worker.cli.main import main
from worker.settings.model import DEFAULT_MODEL
from worker.store.s3 import S3Store

SHOP: Final = {
    "README.md": (
        b"# Shop\n\nA shop sells things.\n\n"
        b"```python\nfrom shop import Shop\n\nShop().sell('tea')\n```\n"
    ),
    "shop/__init__.py": b"from shop.counter import Shop as Shop\n",
    "shop/counter.py": (
        b'"""The counter of the shop."""\n\nfrom shop.till import Till\n\n\n'
        b'class Shop:\n    """Sells things to people."""\n\n'
        b"    def __init__(self) -> None:\n        self.till = Till()\n\n"
        b"    def sell(self, thing: str) -> int:\n"
        b'        """Sell a thing, and return its price."""\n'
        b"        price = len(thing)\n        self.till.add(price)\n        return price\n"
    ),
    "shop/till.py": (
        b'"""The till of the shop."""\n\n\nclass Till:\n    """Adds up what was paid."""\n\n'
        b"    def __init__(self) -> None:\n        self.total = 0\n\n"
        b"    def add(self, price: int) -> None:\n"
        b'        """Add a price; it must not be negative."""\n'
        b"        if price < 0:\n            raise ValueError('a negative price')\n"
        b"        self.total += price\n"
    ),
}
BUDGET_USD: Final = 100


class KillPoint(Protocol):
    """When a run is killed: before or after a request takes effect."""

    @property
    def fault(self) -> ProxyFault: ...

    def matches(self, method: str, path: str) -> bool: ...


@dataclass(kw_only=True)
class ClaudeJobs:
    """Jobs about one repository in one store."""

    store: S3Store
    repository: Repository
    environment: Mapping[str, str]
    folder: Path
    jobs: list[PlatformJob] = field(default_factory=list)

    def new(self, name: str, **environment: str) -> PlatformJob:
        job = PlatformJob(
            self.store,
            self.folder / name,
            {**self.environment, **environment},
            name=name,
        )
        self.jobs.append(job)
        return job

    def end(self) -> None:
        """Kill all running processes."""
        for job in self.jobs:
            job.end()


def write_prices(file: Path) -> None:
    """Write the prices of the stand-in's model."""
    rates = {DEFAULT_MODEL: [{"input": 2, "output": 10}]}
    endpoints = {"127.0.0.1": rates}
    document = {"dated": "2026-11-28", "endpoints": endpoints}
    file.write_text(json.dumps(document))


def kill_at(
    proxies: list[Proxy], victim: list[WorkerProcess], moment: KillPoint
) -> None:
    """Have the proxies kill the victim at the request of the kill point."""

    def policy(method: str, path: str) -> ProxyFault | None:
        if not victim or not moment.matches(method, path):
            return None
        victim.pop().kill()
        return moment.fault

    for proxy in proxies:
        proxy.policy = policy


def check_account(job: PlatformJob, paid: Sequence[Document]) -> str:
    """Assert that a job's usage covers all paid calls, within its budget; describe it."""
    keys = Counter(str(request["key"]) for request in paid)
    usage = job.manifest.usage
    assert usage is not None
    calls = sum(row.calls for row in usage.by_model)
    unknown = sum(row.unknown_calls for row in usage.by_model)
    assert calls == len(keys), "a recorded answer was paid again"
    assert keys.total() <= calls + unknown
    spent = sum(
        row.nanodollars + row.unknown_nanodollars for row in usage.by_model
    )
    assert spent <= BUDGET_USD * 10**9
    made = {path.partition("/")[0] for path in job.course}
    assert {INFO[stage].folder for stage in Stage} - {None} <= made
    assert main(["verify", job.name, "--deep"], job.environment) == 0
    return f"{calls} calls, {unknown} unknown, {keys.total()} paid"
