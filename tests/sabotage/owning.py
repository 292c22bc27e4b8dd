"""Guards of the ownership of a job: the log, the lease, the release."""

from typing import Final

from tests.sabotage.guard import (
    ANSWERS,
    CHECKPOINTS,
    COLLECTED,
    CONTRACT,
    CRASHES,
    ON_S3,
    REFUSALS,
    RIVALS,
    RUNS,
    TAKEOVER,
    Sabotage,
)

OWNING: Final = (
    Sabotage(
        guard="a course is not written by two models, or in two languages",
        expression="began is not None and wanted != began",
        new="False",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="create-only PUT: of checkpoints",
        expression="store.create",
        new="store.put",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="create-only PUT: in S3",
        expression="'create'",
        new="'write'",
        tests=(CONTRACT,),
    ),
    Sabotage(
        guard="create-only PUT: in folders",
        expression="os.link",
        new="os.replace",
        tests=(CONTRACT,),
    ),
    Sabotage(
        guard="proof of the store",
        expression="self.prove(checkpoint)",
        new="Proof.FENCE",
        tests=(
            f"{ON_S3}::test_a_store_that_ignores_conditions_is_refused_and_nothing_is_left_behind",
        ),
    ),
    Sabotage(
        guard="proof of the store: what it created is read back",
        expression="stored.body != checkpoint.body",
        new="False",
        tests=("tests/unit/ownership/test_log.py",),
    ),
    Sabotage(
        guard="proof of the store: what is another's is not withdrawn",
        expression="proof is not Proof.LET_A_RIVAL_OVERWRITE",
        new="True",
        tests=("tests/simulation/test_unfenced.py",),
    ),
    Sabotage(
        guard="a claim in the log of a collected job does not count",
        expression="tombstone is not None",
        new="False",
        tests=(COLLECTED,),
    ),
    Sabotage(
        guard="a tombstone is no operator's request, whatever its number",
        expression="manifest.collected",
        new="False",
        tests=(CHECKPOINTS,),
    ),
    Sabotage(
        guard="one wrong answer makes no checkpoint damaged",
        expression="range(LOOKS - 1)",
        new="()",
        tests=(CHECKPOINTS, CRASHES),
    ),
    Sabotage(
        guard="a new run: numbers upwards from what its refused claim met",
        expression="self._read_on(known)",
        new="newest",
        tests=("tests/simulation/test_unfenced.py",),
    ),
    Sabotage(
        guard="a new run: gives up on a job that others keep claiming",
        expression="self._overtaken > _MAX_OVERTAKEN",
        new="False",
        tests=(
            "tests/simulation/test_unfenced.py::test_a_claimant_that_is_always_overtaken_gives_up_in_time_and_says_so",
        ),
    ),
    Sabotage(
        guard="own-write detection",
        expression="existing.body != checkpoint.body",
        new="existing is not checkpoint",
        tests=(CRASHES,),
    ),
    Sabotage(
        guard="own-write detection: another's write taken for one's own",
        expression="existing.body != checkpoint.body",
        new="False",
        tests=(RIVALS,),
    ),
    Sabotage(
        guard="own-write detection: what cannot be read taken for another's",
        expression=(
            "StoreUnavailableError(f'{store.uri(key)} exists, but cannot be read: try "
            "again')"
        ),
        new="ReplacedError(f'{store.uri(key)} exists, and cannot be read')",
        tests=("tests/unit/ownership/test_log.py",),
    ),
    Sabotage(
        guard="the lease check before callbacks",
        expression="not self._lease.held",
        new="False",
        tests=("tests/unit/outbox/test_sender.py",),
    ),
    Sabotage(
        guard="the lease: a new run waits for it",
        expression="manifest.released or silent_seconds > lease_seconds",
        new="True",
        tests=(RUNS,),
    ),
    Sabotage(
        guard="the lease: whole seconds must exceed it",
        expression="silent_seconds > lease_seconds",
        new="silent_seconds >= lease_seconds",
        tests=("tests/unit/states/test_takeover.py", RIVALS),
    ),
    Sabotage(
        guard="the lease: a live owner's job is not resumed",
        expression="not (request.takeover or manifest.released) and self._is_alive(manifest)",
        new="False",
        tests=(TAKEOVER,),
    ),
    Sabotage(
        guard="the release",
        expression="manifest.with_owner(replace(manifest.owner, ended_at=at, exit_code=exit_code))",
        new="manifest",
        tests=("tests/unit/states/test_decisions.py", RUNS),
    ),
    Sabotage(
        guard="the release: a stopped run is silent before it",
        new="pass",
        tests=(ANSWERS,),
    ),
    Sabotage(
        guard="the release: an interrupted run is silent before it",
        new="pass",
        tests=(ANSWERS,),
    ),
    Sabotage(
        guard="a store's refusal: tried again after a claim",
        new="pass",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: raised at once before a claim",
        expression="StoreUnavailableError",
        new="StoreFaultError",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: never the job's failure",
        expression="(ReplacedError, StoreFaultError, BugError)",
        new="(ReplacedError, BugError)",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a store's refusal: a job that is over is not interrupted by it",
        expression="base.over",
        new="False",
        tests=(REFUSALS,),
    ),
    Sabotage(
        guard="a server that is not a store: a web page with 200",
        new="document = None",
        tests=("tests/unit/store/test_s3.py",),
    ),
    Sabotage(
        guard="a store's answer has to keep coming",
        expression="left <= 0",
        new="False",
        tests=(
            "tests/unit/store/test_s3.py::test_an_answer_whose_time_is_up_between_two_reads_is_abandoned",
        ),
    ),
    Sabotage(
        guard="a listing: an empty page is not its end if more follow",
        new="return (entries, is_last or not entries)",
        tests=(
            "tests/unit/store/test_s3.py::test_an_empty_truncated_page_is_not_the_end",
        ),
    ),
)
