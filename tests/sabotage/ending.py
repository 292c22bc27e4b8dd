"""Guards of how a run lets go of its job, and of what an operator's word does."""

from typing import Final

from tests.sabotage.guard import (
    CHECKPOINTS,
    LETTING_GO,
    Sabotage,
)

REFUSED: Final = "tests/proofs/test_operators_refused.py"

ENDING: Final = (
    Sabotage(
        guard="the lease: it is reasserted by an append",
        file="worker/job.py",
        old="            if lease.reassert(runner.reassert):",
        new="            if lease.reassert(lambda: None):",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the lease: the sender's time ends with it",
        file="worker/callbacks/courier.py",
        old="        return self._lease.remaining if self._lease.held else 0.0",
        new="        return 15.0 if self._lease.held else 0.0",
        tests=("tests/unit/test_courier.py",),
    ),
    Sabotage(
        guard="the lease: a claim's is counted from before it is sent",
        file="worker/claim.py",
        old="Ownership(self._log, checkpoint, since=since",
        new="Ownership(self._log, checkpoint, since=self._runtime.monotonic()",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the lease: the main thread stands still when it is lost",
        file="worker/desk.py",
        old="                self._stand_still()",
        new="                pass",
        tests=("tests/unit/test_desk.py",),
    ),
    Sabotage(
        guard="the lease: it is given up when the run ends",
        file="worker/job.py",
        old="            lease.revoke()\n",
        new="",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the release: a run that has not delivered its last event is silent before it",
        file="worker/runner.py",
        old="            self._announcer.close()\n            code = Exit.TEMPORARY",
        new="            code = Exit.TEMPORARY",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="an operator's request is a request under the run's own number only",
        file="worker/checkpoint.py",
        old=" and manifest.run == self.manifest.run)",
        new=")",
        tests=(CHECKPOINTS,),
    ),
    Sabotage(
        guard="a wish to cancel that was overtaken is not taken for heard",
        file="worker/claim.py",
        old="            self._yield_to(overtaken.found)\n            return False",
        new="            self._yield_to(overtaken.found)\n            return True",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="an operator's resume forgets fruitless runs",
        file="states/decisions.py",
        old="error=None, cancel_requested=False, fruitless_runs=0)",
        new="error=None, cancel_requested=False)",
        tests=("tests/unit/states/test_decisions.py",),
    ),
    Sabotage(
        guard="a claim on a store that is no fence is released",
        file="worker/claim.py",
        old="        else:\n            self._release(checkpoint)\n",
        new="",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a stopped run stores the items in flight",
        file="worker/runner.py",
        old="        self._maker.settle(self._patience.stop_grace * _SETTLE_SHARE)\n",
        new="",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a stopped run does not wait for a store longer than its grace",
        file="worker/runner.py",
        old='extra={"reason": stop.reason})\n        self._patience.hurry(self._patience.stop_grace * _SAVE_SHARE)\n',
        new='extra={"reason": stop.reason})\n',
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a run that is stopped while it delivers does not wait for a store longer than its grace",
        file="worker/runner.py",
        old="                self._patience.hurry(self._patience.stop_grace * _SAVE_SHARE)\n                LOG",
        new="                LOG",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="of several versions of an item the newest is taken",
        file="worker/artifacts.py",
        old="key=lambda version: (-version.modified, version.key))",
        new="key=lambda version: (version.modified, version.key))",
        tests=("tests/unit/test_artifacts.py",),
    ),
    Sabotage(
        guard="an object in a folder is on the disk before it has its name",
        file="worker/store/folder.py",
        old="                file.flush()\n                os.fsync(descriptor)\n",
        new="                file.flush()\n",
        tests=("tests/unit/test_store_folder.py",),
    ),
    Sabotage(
        guard="the name of an object in a folder is on the disk before it is told of",
        file="worker/store/folder.py",
        old="        _flush(path.parent)\n\n\ndef _within",
        new="        pass\n\n\ndef _within",
        tests=("tests/unit/test_store_folder.py",),
    ),
    Sabotage(
        guard="what a store refuses after an operator's word was done is tried again",
        file="worker/commands/operate.py",
        old="    view.store.persevere()\n",
        new="",
        tests=(REFUSED,),
    ),
    Sabotage(
        guard="what a store refuses after a course was made is tried again",
        file="worker/commands/run.py",
        old="    store.persevere()  # it has let the whole job through\n",
        new="",
        tests=(REFUSED,),
    ),
    Sabotage(
        guard="a sweep that is refused a look starts nothing",
        file="worker/commands/sweep.py",
        old="patients = list(self._view.runtime.executor(TRANSFERS).map(self._examine, names))",
        new="patients = self._view.runtime.executor(TRANSFERS).map(self._examine, names)",
        tests=("tests/platform/test_sweep_refused.py",),
    ),
)
