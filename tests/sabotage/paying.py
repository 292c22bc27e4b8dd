"""Guards of the paid calls of the engine `claude`."""

from typing import Final

from tests.sabotage.guard import TAKEOVER, Sabotage

PAYING_TESTS: Final = "tests/unit/claude/test_paying.py"
BATCH_TESTS: Final = "tests/unit/claude/test_batches.py"
MODEL_TESTS: Final = "tests/unit/claude/test_model.py"

PAYING: Final = (
    Sabotage(
        guard="paid calls: a recorded answer is never paid again",
        new="answer = None",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: an answer that is always lost is not paid for endlessly",
        expression="self._ledger.lost_by_this_run(call_id) >= MAX_LOST",
        new="False",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: none begins without the lease",
        expression="not permission.given",
        new="False",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: none begins while a replaced run may act",
        expression="not predecessors.may_act()",
        new="True",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="paid calls: a replaced run's calls are read when it begins no more of them",
        new="pass",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: another run's intent is not one's own",
        expression="not self._is_ours(stored)",
        new="False",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: what a call may cost is reserved before it is sent",
        expression="not self._fits(intent, budget)",
        new="False",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: a stream without its end is no answer",
        expression="not self.complete",
        new="False",
        tests=("tests/unit/claude/test_events.py",),
    ),
    Sabotage(
        guard="paid calls: a budget in dollars needs prices",
        expression="prices is None and budget.nanodollars is not None",
        new="False",
        tests=(MODEL_TESTS,),
    ),
    Sabotage(
        guard="a model in the definition is pinned by the request that redoes a stage",
        new="return engine",
        tests=("tests/platform/test_model_change.py",),
    ),
    Sabotage(
        guard="an operator's limit is the one that the engine is checked with",
        new="pass",
        tests=("tests/unit/cli/test_model_job.py",),
    ),
    Sabotage(
        guard="paid calls: the others begin when the first has cached their prefix",
        new="pass",
        tests=("tests/unit/claude/test_parallel.py",),
    ),
    Sabotage(
        guard="paid calls: after an error that ends the stage none is begun",
        new="pass",
        tests=("tests/unit/claude/test_parallel.py",),
    ),
    Sabotage(
        guard="paid calls: temporary errors are waited out, but not endlessly",
        expression="resumes_at - self._failing_since > MAX_WAIT_SECONDS",
        new="False",
        tests=("tests/unit/claude/test_limiter.py",),
    ),
    Sabotage(
        guard="batches: none is created without the lease",
        expression="batch is None or not self._permission.given",
        new="batch is None",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: what all calls may cost is reserved before one is sent",
        new="pass",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: one whose creation got no answer is known by its calls",
        expression="results.keys() == names",
        new="True",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="paid calls: an intent that may be stored counts",
        new="self._release(entry)",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="paid calls: the outcome that counts is the one that is stored",
        new="entry.outcome = outcome",
        tests=(PAYING_TESTS,),
    ),
    Sabotage(
        guard="batches: a call's name in a batch is its run's own",
        expression="self.intent.writer",
        new="self.number",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: a pending one is collected, whatever the mode",
        new="pass",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: none is created of calls that another run has settled",
        new="pass",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: one that the list does not show yet is looked for again",
        expression="_LOOKS",
        new="_LOOKS[:1]",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: one may be created although the API reports a failure",
        expression="error.refusal.status in _UNCERTAIN",
        new="False",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: what an earlier generation sent may still be billed",
        expression="entry.intent.generation == generation",
        new="True",
        tests=(BATCH_TESTS,),
    ),
    Sabotage(
        guard="batches: the id of a created batch is recorded",
        new="pass",
        tests=(BATCH_TESTS,),
    ),
)
