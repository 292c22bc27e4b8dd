"""Guards of a run's release of its job, and of operators' requests."""

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
        expression="runner.reassert",
        new="lambda: None",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the lease: the sender's time ends with it",
        expression="self._lease.remaining",
        new="15.0",
        tests=("tests/unit/outbox/test_sender.py",),
    ),
    Sabotage(
        guard="the lease: a claim's is counted from before it is sent",
        expression="since",
        new="self.runtime.monotonic()",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the lease: the main thread waits when it is lost",
        new="pass",
        tests=("tests/unit/run/test_inbox.py",),
    ),
    Sabotage(
        guard="the lease: it is given up when the run ends",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="the release: a run that has not delivered its last event is silent before it",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="an operator's request is a request under the run's own number only",
        expression="manifest.writer is Writer.OPERATOR and same_run",
        new="manifest.writer is Writer.OPERATOR",
        tests=(CHECKPOINTS,),
    ),
    Sabotage(
        guard="a request to cancel that was overtaken does not count",
        expression="False",
        new="True",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="an operator's resume forgets fruitless runs",
        expression=(
            "replace(claimed, state=state, error=None, cancel_requested=False, "
            "fruitless_runs=0)"
        ),
        new="replace(claimed, state=state, error=None, cancel_requested=False)",
        tests=("tests/unit/states/test_decisions.py",),
    ),
    Sabotage(
        guard="a claim on a store that is not a fence is released",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a stopped run stores the items in flight",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a stopped run does not wait for a store longer than its grace",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="a run stopped while it delivers waits for the store within its grace",
        new="pass",
        tests=(LETTING_GO,),
    ),
    Sabotage(
        guard="of several versions of an item the newest is taken",
        expression="-version.modified",
        new="version.modified",
        tests=("tests/unit/course/test_artifacts.py",),
    ),
    Sabotage(
        guard="an object in a folder is on the disk before it has its name",
        new="pass",
        tests=("tests/unit/store/test_folder.py",),
    ),
    Sabotage(
        guard="the name of an object in a folder is on the disk before it is reported",
        new="pass",
        tests=("tests/unit/store/test_folder.py",),
    ),
    Sabotage(
        guard="what a store refuses after an operator's request is retried",
        new="pass",
        tests=(
            f"{REFUSED}::test_a_refusal_after_the_work_is_done_does_not_make_it_a_failure",
        ),
    ),
    Sabotage(
        guard="what a store refuses after a completed run is retried",
        new="pass",
        tests=(
            f"{REFUSED}::test_a_course_that_is_made_is_delivered_in_spite_of_a_refusal",
        ),
    ),
    Sabotage(
        guard="a sweep whose read is refused starts no run",
        expression="list(executor.map(self._examine, self._job_ids()))",
        new="executor.map(self._examine, self._job_ids())",
        tests=("tests/platform/test_sweep_refused.py",),
    ),
)
