"""The rules between one checkpoint and the next."""

from dataclasses import replace

import pytest

from states import decisions
from states.invariants import violations
from states.manifest import Manifest, Update, Writer
from states.stages import Stage, State
from tests.support import builders
from tests.support.builders import (
    AT,
    COMMIT,
    ENGINE,
    begun,
    completed,
    entered,
    error,
    run_record,
    stamped,
)

BASE = entered(Stage.ORDER)


def claim(manifest: Manifest) -> Manifest:
    return stamped(
        decisions.claim(
            manifest,
            run_record(manifest.run + 1),
            engine=ENGINE,
            announces=True,
        )
    )


def with_model(manifest: Manifest, model: str) -> Manifest:
    return replace(manifest, engine=replace(manifest.engine, model=model))


ALL_REJECTED = stamped(
    decisions.settle(
        completed(),
        {e.sequence: 410 for e in completed().outbox.pending},
        at=AT,
    )
)
END = completed().outbox.pending[-1]
REDELIVERED = replace(
    decisions.redeliver(claim(ALL_REJECTED), END), writer=Writer.OPERATOR
)


LAWFUL = {
    "the same again": (BASE, stamped(BASE)),
    "the next stage": (BASE, stamped(builders.finished(BASE))),
    "a claim": (BASE, claim(BASE)),
    "a repair": (BASE, stamped(decisions.repair(BASE, Stage.EXTRACT, error()))),
    "a cancellation": (BASE, stamped(decisions.cancel(BASE, at=AT))),
    "an operator's resume": (
        completed(),
        replace(
            decisions.reopen(claim(completed()), Stage.ORDER),
            writer=Writer.OPERATOR,
        ),
    ),
    "an operator's other model": (
        completed(),
        replace(
            decisions.reopen(
                with_model(claim(completed()), "larger"), Stage.ORDER
            ),
            writer=Writer.OPERATOR,
        ),
    ),
    "a tombstone": (completed(), stamped(decisions.collect(completed()))),
    "a redelivery": (ALL_REJECTED, REDELIVERED),
    "a claim of a redelivery": (REDELIVERED, claim(REDELIVERED)),
    "an acknowledgement": (
        completed(),
        stamped(
            decisions.settle(
                completed(),
                {e.sequence: 200 for e in completed().outbox.pending},
                at=AT,
            )
        ),
    ),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_allowed_steps_break_no_rule(name: str) -> None:
    assert violations(*LAWFUL[name]) == ()


def _with_stage(manifest: Manifest, **changes: object) -> Manifest:
    record = replace(manifest.record(Stage.EXTRACT), **changes)  # type: ignore[arg-type]
    return stamped(manifest.with_record(record))


ALL_SETTLED = stamped(
    decisions.settle(
        BASE, {e.sequence: 200 for e in BASE.outbox.pending}, at=AT
    )
)

UNLAWFUL = {
    "sequence 9 follows": (BASE, replace(BASE, sequence=9)),
    "run 3 follows 1": (
        BASE,
        replace(stamped(BASE), run=3, runs=(run_record(3),)),
    ),
    "run 1 follows 2": (
        claim(BASE),
        replace(claim(BASE), sequence=claim(BASE).sequence + 1, run=1),
    ),
    "the records of earlier runs": (
        claim(BASE),
        replace(stamped(claim(BASE)), runs=(run_record(2),)),
    ),
    "identity has changed": (
        BASE,
        replace(stamped(BASE), identity=replace(BASE.identity, branch="other")),
    ),
    "engine has changed": (
        BASE,
        replace(stamped(BASE), engine=replace(ENGINE, name="fondation")),
    ),
    "model or language has changed": (BASE, with_model(claim(BASE), "larger")),
    "pinned commit has changed": (
        BASE,
        replace(stamped(BASE), commit=COMMIT[::-1].replace("a", "b")),
    ),
    "extract: generation 0 follows 1": (BASE, _with_stage(BASE, generation=0)),
    "extract: artifacts are missing": (BASE, _with_stage(BASE, artifacts=())),
    "analyze: artifacts are missing": (
        BASE,
        _with_stage(BASE, generation=2, artifacts=()).with_record(
            replace(BASE.record(Stage.ANALYZE), artifacts=())
        ),
    ),
    "order: artifacts are missing": (
        entered(None),
        stamped(
            entered(None).with_record(
                replace(entered(None).record(Stage.ORDER), finished_at=None)
            )
        ),
    ),
    "was completed and is now pending, without": (
        completed(),
        replace(claim(completed()), state=State.PENDING),
    ),
    "was collected, and no longer": (
        stamped(decisions.collect(completed())),
        replace(completed(), sequence=11),
    ),
    "were settled, and now only those up to": (
        ALL_SETTLED,
        stamped(
            replace(ALL_SETTLED, outbox=replace(ALL_SETTLED.outbox, settled=1))
        ),
    ),
    "was settled, and is pending again": (
        ALL_SETTLED,
        stamped(
            replace(
                ALL_SETTLED,
                outbox=replace(ALL_SETTLED.outbox, pending=BASE.outbox.pending),
            )
        ),
    ),
    "event 5 was settled, and is pending again": (
        stamped(BASE),
        stamped(
            stamped(
                replace(
                    BASE,
                    outbox=replace(
                        BASE.outbox, settled=BASE.outbox.pending[3].sequence
                    ),
                )
            )
        ),
    ),
    "now pending, without an operator's resume": (
        completed(),
        replace(
            stamped(completed(), writer=Writer.OPERATOR), state=State.PENDING
        ),
    ),
    "was written with checkpoint": (
        begun(),
        replace(
            stamped(begun()),
            outbox=replace(
                begun().outbox, pending=(completed().outbox.pending[-1],)
            ),
        ),
    ),
    "event 11 was written with checkpoint 13": (
        ALL_REJECTED,
        replace(REDELIVERED, writer=Writer.WORKER),
    ),
    "were settled, and now only those up to 9": (
        ALL_REJECTED,
        replace(REDELIVERED, outbox=replace(REDELIVERED.outbox, settled=9)),
    ),
    "were settled, and now only those up to 10": (
        replace(ALL_REJECTED, outbox=replace(ALL_REJECTED.outbox, rejected=())),
        REDELIVERED,
    ),
    "final event 11 is missing": (
        REDELIVERED,
        stamped(
            replace(REDELIVERED, outbox=replace(REDELIVERED.outbox, pending=()))
        ),
    ),
    "final event": (
        completed(),
        stamped(
            replace(completed(), outbox=replace(completed().outbox, pending=()))
        ),
    ),
}


@pytest.mark.parametrize("expected", UNLAWFUL)
def test_each_broken_rule_is_named(expected: str) -> None:
    assert any(
        expected in violation for violation in violations(*UNLAWFUL[expected])
    ), violations(*UNLAWFUL[expected])


FOLLOWING = Update(from_="earlier")
PINNED = Update(from_="earlier", from_commit=COMMIT)


@pytest.mark.parametrize(
    ("old", "new", "lawful"),
    [
        (None, None, True),
        (FOLLOWING, FOLLOWING, True),
        (FOLLOWING, PINNED, True),
        (PINNED, replace(PINNED, kept=3), True),
        (None, FOLLOWING, False),
        (FOLLOWING, None, False),
        (PINNED, FOLLOWING, False),
        (PINNED, replace(PINNED, from_commit="b" * 40), False),
        (FOLLOWING, Update(from_="another"), False),
    ],
)
def test_a_job_updates_the_same_course_from_its_start_on(
    old: Update | None, new: Update | None, *, lawful: bool
) -> None:
    before = replace(BASE, update=old)
    broken = violations(before, replace(stamped(before), update=new))
    expected = ["the earlier course that the job updates has changed"]
    assert list(broken) == ([] if lawful else expected)


def test_the_event_that_was_settled_last_is_not_pending_again() -> None:
    first = BASE.outbox.pending[0]
    settled = decisions.settle(BASE, {first.sequence: 200}, at=AT)
    outbox = replace(settled.outbox, pending=BASE.outbox.pending)
    again = replace(stamped(settled), outbox=outbox)
    expected = f"event {first.sequence} was settled, and is pending again"
    assert expected in violations(settled, again)
