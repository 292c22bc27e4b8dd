"""Guards of a lease: its requests, its clocks, and its end."""

from typing import Final

from tests.sabotage.guard import COLLECTED, RUNS, TAKEOVER, Sabotage

UNIT: Final = "tests/unit/ownership/test_lease.py"
S3: Final = "tests/unit/store/test_s3.py"

LEASE: Final = (
    Sabotage(
        guard="the lease: a look for newer checkpoints",
        expression="lease.look",
        new="lambda: setattr(lease, '_looked', float('inf'))",
        tests=(RUNS, TAKEOVER),
    ),
    Sabotage(
        guard="the lease: without a look it runs out",
        expression="min(self._refreshed, self._looked)",
        new="self._refreshed",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: without a heartbeat it runs out",
        expression="min(self._refreshed, self._looked)",
        new="self._looked",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: counted from before a heartbeat is sent",
        expression="max(self._refreshed, sent)",
        new="self._runtime.monotonic()",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: of several answers the one to the latest heartbeat counts",
        expression="max(self._refreshed, sent)",
        new="sent",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: an append after a silence",
        expression="not self._revoked and (not self._suspended) and (self.remaining > 0)",
        new="not self._revoked and self.remaining > 0",
        tests=(UNIT, RUNS),
    ),
    Sabotage(
        guard="the lease: an append from before its next loss does not bring it back",
        expression="self.losses > losses or self.remaining <= 0",
        new="self.remaining <= 0",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: a stuck request is tried again",
        expression="sent + self._repeat_after",
        new="float('inf')",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: stuck requests do not add up",
        expression="self.under_way < _MAX_UNDER_WAY",
        new="True",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: one odd answer does not end its thread",
        expression="Exception",
        new="StoreUnavailableError",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="the lease: the engine is paused when it is lost",
        expression="self._engine.pause",
        new="lambda: None",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: the store's dates of two heartbeats are compared",
        expression="self._is_apart(dated, last_dated)",
        new="False",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: the date of an append is compared with that of the heartbeat before",
        expression="self._is_apart(dated, last_dated)",
        new="False",
        tests=(UNIT, COLLECTED),
    ),
    Sabotage(
        guard="clocks: after a lapse the log is looked at again",
        expression="sent >= self.lapsed_at",
        new="True",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: a store's clock that was set back proves nothing",
        expression="abs(dated - last_dated)",
        new="dated - last_dated",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: a lease is confirmed by a heartbeat",
        new="pass",
        tests=(UNIT, TAKEOVER),
    ),
    Sabotage(
        guard="clocks: the recorded lease is longer by how much too old objects look",
        expression="manifest.owner.lease_seconds + skew",
        new="manifest.owner.lease_seconds",
        tests=(UNIT,),
    ),
    Sabotage(
        guard="clocks: a claim is as old as it looks",
        new="pass",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: the difference between them is measured",
        expression="head.age > 1",
        new="False",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: whole seconds hide up to one second of a difference",
        expression="max(measured, min(head.age, 1)) + HIDDEN_SECONDS",
        new="measured",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: a store is refused where no lease outlasts the difference",
        expression="least >= lease",
        new="False",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="clocks: slow answers are not taken for a difference",
        expression="ahead - took",
        new="ahead",
        tests=("tests/unit/ownership/test_heartbeat.py",),
    ),
    Sabotage(
        guard="clocks: a new run uses its own, too",
        expression="max(watched, _silence(self._log, manifest, heartbeat))",
        new="_silence(self._log, manifest, heartbeat)",
        tests=("tests/unit/ownership/test_heartbeat.py", TAKEOVER),
    ),
    Sabotage(
        guard="clocks: a heartbeat is another sign of life than the one before",
        expression="(manifest.run, manifest.sequence, heartbeat.number)",
        new="(manifest.run, manifest.sequence)",
        tests=("tests/unit/ownership/test_heartbeat.py",),
    ),
    Sabotage(
        guard="clocks: a heartbeat without a number proves nothing by not changing",
        expression="sign != self._sign or heartbeat.is_unnumbered",
        new="sign != self._sign",
        tests=("tests/unit/ownership/test_heartbeat.py",),
    ),
    Sabotage(
        guard="clocks: a new run gives up waiting only for a live owner",
        expression="now >= deadline and self._watch.is_alive",
        new="now >= deadline",
        tests=("tests/simulation/test_takeover.py",),
    ),
    Sabotage(
        guard="clocks: time is the store's",
        expression="moment(headers['date']).timestamp",
        new="__import__('time').time",
        tests=(
            f"{S3}::test_the_age_is_read_from_the_dates_of_an_answer_if_they_are_usable",
        ),
    ),
    Sabotage(
        guard="clocks: time goes on while the machine sleeps",
        expression="time.clock_gettime(time.CLOCK_BOOTTIME)",
        new="time.monotonic()",
        tests=("tests/unit/system/test_runtime.py",),
    ),
    Sabotage(
        guard="threads: one that fails is reported",
        new="pass",
        tests=("tests/unit/system/test_runtime.py",),
    ),
)
