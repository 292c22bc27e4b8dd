"""Guards of a lease: its requests, its clocks, and what it does when it has run out."""

from typing import Final

from tests.sabotage.guard import RUNS, TAKEOVER, Sabotage

UNIT: Final = "tests/unit/test_lease.py"
FILE: Final = "worker/lease.py"

LEASE: Final = (
    Sabotage(
        guard="the lease: a look for newer checkpoints",
        file=FILE,
        old='            _Request(name="look", send=lease.look, due=due),',
        new='            _Request(name="look", send=lambda: setattr(lease, "_looked", float("inf")), due=due),',
        tests=(RUNS, TAKEOVER),
    ),
    Sabotage(
        guard="the lease: without a look it runs out",
        file=FILE,
        old="        return min(self._refreshed, self._looked) + self.seconds - self._runtime.monotonic()",
        new="        return self._refreshed + self.seconds - self._runtime.monotonic()",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: without a heartbeat it runs out",
        file=FILE,
        old="        return min(self._refreshed, self._looked) + self.seconds - self._runtime.monotonic()",
        new="        return self._looked + self.seconds - self._runtime.monotonic()",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: counted from before a heartbeat is sent",
        file=FILE,
        old="            self._refreshed = max(self._refreshed, sent)",
        new="            self._refreshed = self._runtime.monotonic()",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: of several answers the one to the latest heartbeat counts",
        file=FILE,
        old="            self._refreshed = max(self._refreshed, sent)",
        new="            self._refreshed = sent",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: an append after a silence",
        file=FILE,
        old="        return not self._revoked and not self._suspended and self.remaining > 0",
        new="        return not self._revoked and self.remaining > 0",
        tests=(UNIT, RUNS),
    ),
    Sabotage(
        guard="the lease: an append that comes before it is lost once more does not bring it back",
        file=FILE,
        old="            self._suspended = self.losses > losses or self.remaining <= 0",
        new="            self._suspended = self.remaining <= 0",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: a stuck request is tried again",
        file=FILE,
        old="        request.due = sent + self._patience",
        new='        request.due = float("inf")',
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: stuck requests do not add up",
        file=FILE,
        old="                if request.due <= now and request.under_way < _UNDER_WAY:",
        new="                if request.due <= now:",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: one odd answer does not end its thread",
        file=FILE,
        old="            except Exception as error:  # noqa: BLE001 - an edge: no odd answer ends the heart",
        new="            except StoreUnavailableError as error:",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: the engine stands still when it is lost",
        file="worker/job.py",
        old="on_lost=engine.pause)",
        new="on_lost=lambda: None)",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: the store's dates of two heartbeats are compared",
        file=FILE,
        old="            return last_dated is not None and dated - last_dated > self.seconds",
        new="            return False",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: a lease is confirmed by a heartbeat",
        file=FILE,
        old="        try:\n            self.beat()\n",
        new="        try:\n            pass\n",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: the lease is written as so much longer as objects look too old",
        file="worker/heartbeat.py",
        old="    lease = manifest.owner.lease_seconds + skew\n",
        new="    lease = manifest.owner.lease_seconds\n",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: until the longer lease is written, the claim counts as so much older",
        file=FILE,
        old="        self._refreshed = owned.since - owned.skew",
        new="        self._refreshed = owned.since",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: time is the store's",
        file="worker/store/s3.py",
        old='            now = moment(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()\n',
        new='            now = __import__("time").time()\n',
        tests=("tests/unit/test_store_s3.py",),
    ),
    Sabotage(
        guard="clocks: time goes on while the machine sleeps",
        file="worker/runtime.py",
        old="        return time.clock_gettime(time.CLOCK_BOOTTIME)",
        new="        return time.monotonic()",
        tests=("tests/unit/test_runtime.py",),
    ),
    Sabotage(
        guard="threads: one that fails is reported",
        file="worker/runtime.py",
        old="                report(ThreadFailed(thread=name, error=error))",
        new="                pass",
        tests=("tests/unit/test_runtime.py",),
    ),
)
