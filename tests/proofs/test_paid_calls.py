"""Jobs of the engine `claude` whose processes are killed around their paid calls.

A recorded answer is never paid again. What is paid twice was in flight at a death, and the
job's usage counts it as unknown.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from states.keys import CallRecord, artifact_name, call_name
from states.stages import INFO, Stage
from tests.support.fault_proxy import Proxy, Trouble, proxying
from tests.support.git_server import GitServer
from tests.support.messages_api.server import MessagesServer
from tests.support.program import PlatformJob, Program
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server
from worker.cli.main import main
from worker.settings.model import DEFAULT_MODEL
from worker.store.s3 import S3Store

FILES = {
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
STAGES = [stage for stage in Stage if stage is not Stage.CLONE]
BUDGET_USD = 100
ANSWER_SECONDS = 0.05


@dataclass(frozen=True)
class Moment:
    """When a run is killed: as it stores an object, before or after the store has taken it."""

    stage: Stage
    kind: str
    """`intent`, `answer` or `item`."""
    trouble: Trouble

    def matches(self, key: str) -> bool:
        """Tell whether an object is the one that is waited for."""
        call, item = call_name(key), artifact_name(key)
        if call is not None:
            return call.stage is self.stage and call.record == self.kind
        if item is not None:
            return item.stage is self.stage and self.kind == "item"
        return False


KINDS = (
    (CallRecord.INTENT, Trouble.RESET),
    (CallRecord.INTENT, Trouble.LOST),
    (CallRecord.ANSWER, Trouble.RESET),
    (CallRecord.ANSWER, Trouble.LOST),
    ("item", Trouble.RESET),
    ("item", Trouble.LOST),
)
MOMENTS = [
    Moment(stage, kind, trouble) for stage in STAGES for kind, trouble in KINDS
]


@pytest.fixture
def api() -> Iterator[MessagesServer]:
    with MessagesServer(answer_seconds=ANSWER_SECONDS) as server:
        yield server


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.json"
    rates = {DEFAULT_MODEL: [{"input": 2, "output": 10}]}
    endpoints = {"127.0.0.1": rates}
    document = {"dated": "2026-11-28", "endpoints": endpoints}
    file.write_text(json.dumps(document))
    return file


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    with proxying(s3_server.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def job(
    s3_server: S3Server,
    proxy: Proxy,
    api: MessagesServer,
    prices: Path,
    receiver: Receiver,
    tmp_path: Path,
) -> Iterator[PlatformJob]:
    bucket = s3_server.new_bucket()
    with GitServer(tmp_path / "shops") as server:
        server.repository("owner/shop", FILES)
        environment = {
            "REPOSITORY_URL": server.url("owner/shop"),
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "a token",
            "STORE_URL": f"s3://{bucket}/jobs",
            "AWS_ACCESS_KEY_ID": s3_server.access_key,
            "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
            "AWS_ENDPOINT_URL_S3": proxy.url,
            "ENGINE": "claude",
            "ANTHROPIC_API_KEY": "sk-test",
            "ANTHROPIC_BASE_URL": api.url,
            "BUDGET_USD": str(BUDGET_USD),
            "MODEL_PRICES": str(prices),
        }
        store = S3Store(bucket, "jobs", s3_server.access)
        job = PlatformJob(store, tmp_path / "job", environment)
        try:
            yield job
        finally:
            job.end()


def kill_at(proxy: Proxy, victim: list[Program], moment: Moment) -> None:
    """Kill the victim when it stores the object that the moment names."""

    def judge(method: str, path: str) -> Trouble | None:
        key = path.partition("/jobs/")[2].partition("?")[0]
        if method != "PUT" or not victim or not moment.matches(key):
            return None
        victim.pop().kill()
        return moment.trouble

    proxy.judge = judge


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_recorded_answer_is_never_paid_again_whenever_a_run_is_killed(
    job: PlatformJob, proxy: Proxy, api: MessagesServer
) -> None:
    struck = 0
    for moment in MOMENTS:
        victim: list[Program] = []
        kill_at(proxy, victim, moment)
        run = job.start(
            *(() if job.newest is None else ("resume", job.name, "--takeover"))
        )
        victim.append(run)
        code = run.wait()
        struck += code == -9
        assert code in {0, -9}, job.report()
        if code == 0:
            break
    proxy.judge = lambda _method, _path: None
    last = job.start("resume", job.name, "--takeover")
    assert last.wait() == 0, job.report()
    paid = Counter(str(request["key"]) for request in api.paid)
    usage = job.manifest.usage
    assert usage is not None
    unknown = sum(row.unknown_calls for row in usage.by_model)
    calls = sum(row.calls for row in usage.by_model)
    assert struck >= len(STAGES), job.report()
    assert paid.total() <= calls + unknown
    assert calls == len(paid), "a recorded answer was paid again"
    assert unknown <= struck * 4
    spent = sum(
        row.nanodollars + row.unknown_nanodollars for row in usage.by_model
    )
    assert spent <= BUDGET_USD * 10**9
    made = {path.partition("/")[0] for path in job.course}
    assert {INFO[stage].folder for stage in STAGES} - {None} <= made
    assert main(["verify", job.name, "--deep"], job.environment) == 0
    print(  # noqa: T201 - shown with `pytest -rP`
        f"{struck} kills, {calls} calls, {unknown} unknown, {paid.total()} paid"
    )
