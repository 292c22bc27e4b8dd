"""A recorded answer is never paid again, and the budget is never exceeded."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.keys import CallName, CallRecord
from states.stages import Stage
from states.usage import Budget, Usage
from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.paid_calls import (
    DeathError,
    MemoryCalls,
    QuickRuntime,
    opened,
    question,
    workspace,
)
from worker.engines.claude.ledger import Ledger
from worker.engines.claude.ledger_entries import CallId
from worker.engines.claude.model import Model
from worker.engines.claude.prices import Tokens
from worker.engines.claude.records import Answer, Intent, decode
from worker.engines.port import EngineFailedError
from worker.errors import StoreUnavailableError
from worker.settings.model import ModelSettings

STEPS = [
    ("before", CallRecord.INTENT),
    ("after", CallRecord.INTENT),
    ("sent", None),
    ("before", CallRecord.ANSWER),
    ("after", CallRecord.ANSWER),
]


def usage(model: Model) -> Usage:
    known_usage = model.usage()
    assert known_usage is not None
    return known_usage


def dying(record: CallRecord | None, number: int) -> Callable[[CallName], None]:
    """Return a hook that dies at the nth object of a kind."""
    seen: Counter[CallRecord] = Counter()

    def die(name: CallName) -> None:
        seen[name.record] += 1
        if name.record is record and seen[name.record] == number:
            raise DeathError

    return die


def test_a_recorded_answer_is_not_paid_again(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    first = opened(model_settings, calls).answer(question())
    assert opened(model_settings, calls).answer(question()) == first
    assert len(api.paid) == 1


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(("moment", "record"), STEPS)
def test_after_a_death_at_any_step_only_the_call_in_flight_is_paid_again(
    moment: str,
    record: CallRecord | None,
    number: int,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    one_by_one = replace(model_settings, concurrency=1)
    questions = [question(n) for n in (1, 2, 3)]
    model = opened(one_by_one, calls)
    if moment == "before":
        calls.before = dying(record, number)
    elif moment == "after":
        calls.after = dying(record, number)
    else:
        sending = _dies_after_sending(model, number)
        model._api.send = sending  # type: ignore[method-assign, assignment]
    with pytest.raises(DeathError):
        list(model.answers(questions))
    calls.before = calls.after = lambda _: None

    again = opened(one_by_one, calls)
    assert len(list(again.answers(questions))) == 3
    lost = 1 if (moment, record) in STEPS[1:4] else 0
    sent = 1 if (moment, record) in STEPS[2:4] else 0
    paid = Counter(line["key"] for line in api.paid)
    assert sorted(paid.values()) == sorted([1, 1, 1 + sent])
    (by_model,) = usage(again).by_model
    assert (by_model.calls, by_model.unknown_calls) == (3, lost)
    assert (by_model.unknown_nanodollars > 0) == bool(lost)
    assert calls.count(CallRecord.INTENT) == 3 + lost
    assert calls.count(CallRecord.ANSWER) == 3


def _dies_after_sending(
    model: Model, number: int
) -> Callable[..., tuple[object, str]]:
    sent, count = model._api.send, iter(range(1, 10))

    def send(*arguments: object) -> tuple[object, str]:
        answer = sent(*arguments)  # type: ignore[arg-type]
        if next(count) == number:
            raise DeathError
        return answer  # type: ignore[return-value]

    return send


def test_nothing_is_sent_when_the_intent_cannot_be_stored(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    def fail(_: CallName) -> None:
        raise StoreUnavailableError("the store is away")

    model = opened(model_settings, calls)
    calls.before = fail
    with pytest.raises(StoreUnavailableError):
        model.answer(question())
    assert api.paid == []
    # The intent may have been stored, and the next run would count it.
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (0, 1)


def test_an_answer_that_cannot_be_stored_counts_as_unknown(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    def fail(name: CallName) -> None:
        if name.record is CallRecord.ANSWER:
            raise StoreUnavailableError("the store is away")

    model = opened(model_settings, calls)
    calls.before = fail
    with pytest.raises(StoreUnavailableError):
        model.answer(question())
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (0, 1)
    calls.before = lambda _: None
    model.answer(question())
    assert len(api.paid) == 2
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (1, 1)


def test_an_intent_stored_by_a_request_without_answer_is_taken_up(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    def fail(_: CallName) -> None:
        raise StoreUnavailableError("the answer got lost")

    budget = Budget(nanodollars=20_000_000)
    model = opened(model_settings, calls, budget=budget)
    calls.after = fail
    with pytest.raises(StoreUnavailableError):
        model.answer(question())
    calls.after = lambda _: None
    with pytest.raises(EngineFailedError, match="the budget is spent"):
        model.answer(question(2))
    model.answer(question())
    assert len(api.paid) == 1
    assert calls.count(CallRecord.INTENT) == 1
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (1, 0)


def test_another_runs_intent_is_not_sent_but_the_next_number(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """Between our read and our intent, another run stores its intent, and never an answer."""
    model = opened(model_settings, calls)

    def overtake(name: CallName) -> None:
        if name.number == 1 and name not in calls.objects:
            calls.before = lambda _: None
            other = opened(model_settings, calls)
            calls.after = dying(CallRecord.INTENT, 1)
            with pytest.raises(DeathError):
                other.answer(question())
            calls.after = lambda _: None

    calls.before = overtake
    model.answer(question())
    numbers = sorted(name.number for name in calls.objects)
    assert numbers == [1, 2, 2]
    assert len(api.paid) == 1
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (1, 1)


def test_another_runs_late_answer_is_taken(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """A replaced run records its answer after we have read the store."""
    opened(model_settings, calls).answer(question())
    answers = {
        name: body
        for name, body in calls.objects.items()
        if name.record is CallRecord.ANSWER
    }
    for name in answers:
        del calls.objects[name]
    model = opened(model_settings, calls)
    calls.objects |= answers
    model.answer(question())
    assert len(api.paid) == 1


def test_two_runs_at_once_pay_no_more_than_what_is_in_flight_twice(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    models = [opened(model_settings, calls) for _ in range(2)]
    questions = [question(number) for number in range(12)]
    threads = [
        threading.Thread(target=lambda m=model: list(m.answers(questions)))
        for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sendings = calls.count(CallRecord.INTENT)
    assert len(api.paid) == sendings
    assert calls.count(CallRecord.ANSWER) == sendings
    assert opened(model_settings, calls).answer(question(3)) == {
        "text": "A text."
    }
    assert len(api.paid) == sendings


def test_the_spending_of_a_replaced_run_until_its_lease_expires_counts(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The replaced run is alive, and sends a last call under the lease that it still holds."""
    limit = Budget(nanodollars=15_000_000)
    replaced = opened(model_settings, calls, budget=limit)
    leases = iter([replaced])

    def owns_alone() -> bool:
        for run in leases:
            run.answer(question(1))
            return False
        return True

    calls.owns_alone = owns_alone  # type: ignore[method-assign]
    model = opened(model_settings, calls, budget=limit)
    with pytest.raises(EngineFailedError) as raised:
        model.answer(question(2))
    assert raised.value.code == "budget_spent"
    assert len(api.paid) == 1


def test_a_new_generation_pays_again_and_another_repair_is_another_call(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    opened(model_settings, calls).answer(question())
    opened(model_settings, calls, generation=2).answer(question())
    opened(model_settings, calls).answer(question(repair=1))
    assert len(api.paid) == 3
    assert len({name.key for name in calls.objects}) == 3


def test_an_answer_that_is_always_lost_is_sent_three_times_a_run(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(lost=True, times=9))
    model = opened(model_settings, calls)
    for _ in range(2):
        with pytest.raises(EngineFailedError, match="lost 3 times") as raised:
            model.answer(question())
        assert raised.value.temporary
        assert raised.value.code == "answer_lost"
    assert len(api.paid) == 3


def test_another_run_asks_again_for_an_answer_that_was_lost(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(lost=True, times=4))
    with pytest.raises(EngineFailedError):
        opened(model_settings, calls).answer(question())
    again = opened(model_settings, calls)
    assert again.answer(question()) == {"text": "A text."}
    assert len(api.paid) == 5
    (by_model,) = usage(again).by_model
    assert (by_model.calls, by_model.unknown_calls) == (1, 4)


def test_a_call_in_flight_at_four_deaths_is_answered_by_the_fifth_run(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    for _ in range(4):
        model = opened(model_settings, calls)
        model._api.send = _dies_after_sending(model, 1)  # type: ignore[method-assign, assignment]
        with pytest.raises(DeathError):
            model.answer(question())
    opened(model_settings, calls).answer(question())
    assert len(api.paid) == 5


def test_answers_that_are_always_lost_stay_within_the_budget(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(lost=True, times=99))
    limit = Budget(nanodollars=60_000_000)
    codes = []
    for _ in range(4):
        model = opened(model_settings, calls, budget=limit)
        with pytest.raises(EngineFailedError) as raised:
            model.answer(question())
        codes.append(raised.value.code)
        (by_model,) = usage(model).by_model
        assert by_model.unknown_nanodollars <= 60_000_000
    assert codes[0] == "answer_lost"
    assert codes[-1] == "budget_spent"


def test_refusals_do_not_count_as_lost_answers(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(status=529, times=5))
    model = opened(model_settings, calls)
    model.answer(question())
    (by_model,) = usage(model).by_model
    assert (by_model.calls, by_model.unknown_calls) == (1, 0)
    assert len(api.paid) == 1


def test_a_spent_budget_says_what_the_next_call_may_cost(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    opened(model_settings, calls).answer(question())
    limit = Budget(nanodollars=15_000_000)
    model = opened(model_settings, calls, budget=limit)
    with pytest.raises(EngineFailedError) as raised:
        model.answer(question(2))
    assert not raised.value.temporary
    assert raised.value.code == "budget_spent"
    message = str(raised.value)
    assert message.startswith("the budget is spent: $0.0")
    assert "of $0.0150, and the next call may cost $0.01" in message
    assert "`resume JOB_ID --budget-usd N`" in message
    assert len(api.paid) == 1
    opened(model_settings, calls).answer(question(2))
    assert len(api.paid) == 2


def test_a_budget_of_tokens_is_kept_as_well(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(model_settings, calls, budget=Budget(tokens=900))
    with pytest.raises(EngineFailedError, match="--budget-tokens N"):
        model.answer(question())
    assert api.paid == []


def test_a_prompt_is_counted_where_its_upper_bound_does_not_fit(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    bound = Budget(tokens=3000)
    opened(model_settings, calls, budget=bound).answer(question())
    assert "POST /v1/messages/count_tokens" in api.requests
    api.fault(Fault(on="count_tokens", status=404))
    model = opened(model_settings, calls, budget=bound)
    with pytest.raises(EngineFailedError, match="the budget is spent"):
        model.answer(question(2))


@pytest.mark.parametrize("limit", [60_000_000, 100_000_000, 250_000_000])
def test_eight_threads_never_exceed_the_budget(
    limit: int,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.answer = lambda _: '{"text": "%s"}' % ("x" * 2400)
    api.fault(Fault(cut=5, times=2))
    model = opened(
        replace(model_settings, concurrency=8),
        calls,
        budget=Budget(nanodollars=limit),
    )
    with pytest.raises(EngineFailedError) as raised:
        list(model.answers([question(number) for number in range(60)]))
    assert raised.value.code == "budget_spent"
    entries = opened(model_settings, calls)._begun().ledger.entries()
    assert 0 < sum(entry.nanodollars for entry in entries) <= limit
    assert len(api.paid) > 2


def test_calls_in_flight_are_waited_for_before_a_budget_counts_as_spent(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The highest possible costs of four calls exceed the budget; their actual costs do not."""
    budget = Budget(nanodollars=60_000_000)
    model = opened(model_settings, calls, budget=budget)
    questions = [question(number) for number in range(6)]
    assert len(list(model.answers(questions))) == 6
    assert len(api.paid) == 6


def intent(nanodollars: int) -> Intent:
    return Intent(
        writer="me",
        at="",
        purpose="",
        model="m",
        endpoint="",
        prompt_sha256="",
        generation=1,
        repair=0,
        tokens=nanodollars,
        nanodollars=nanodollars,
        prices_dated=None,
    )


def answer_of(nanodollars: int) -> Answer:
    return Answer(
        at="",
        text="",
        model="m",
        stop_reason=None,
        nanodollars=nanodollars,
        request_id=None,
        tokens=Tokens(input=nanodollars),
    )


RUNTIME = QuickRuntime()


def fail(_: CallName) -> None:
    raise StoreUnavailableError("no answer came")


def committed(ledger: Ledger) -> int:
    return sum(entry.nanodollars for entry in ledger.entries())


STEPS_OF_A_LEDGER = ["answer", "lose", "restart", "before", "after"]
"""A call is answered or lost, the process restarts, or it dies before or after an intent."""


@given(
    st.integers(0, 300),
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(1, 100),
            st.sampled_from(STEPS_OF_A_LEDGER),
        ),
        max_size=30,
    ),
)
def test_the_ledger_keeps_the_budget_whatever_happens(
    limit: int, steps: list[tuple[int, int, str]]
) -> None:
    calls, budget = MemoryCalls(), Budget(nanodollars=limit, tokens=limit)
    ledger = Ledger(calls, "me", RUNTIME)
    for key, worst, what in steps:
        call = CallId(Stage.EXTRACT, f"{key:032x}")
        setattr(calls, what, fail)
        try:
            entry = ledger.begin(call, intent(worst), budget)
        except (EngineFailedError, StoreUnavailableError):
            continue
        finally:
            calls.before = calls.after = lambda _: None
        assert entry is not None
        if what == "answer":
            ledger.end(entry, answer_of(entry.intent.nanodollars // 2))
        else:
            ledger.lose(entry)
        if what == "restart":
            ledger = Ledger(calls, "me", RUNTIME)
            ledger.read()
        assert committed(ledger) <= limit
    again = Ledger(calls, "another", RUNTIME)
    again.read()
    unsent = sum(
        entry.nanodollars for entry in ledger.entries() if entry.unsent
    )
    assert committed(ledger) - unsent <= committed(again) <= committed(ledger)


def test_the_outcome_that_another_run_has_stored_first_counts() -> None:
    calls = MemoryCalls()
    first, second = (
        Ledger(calls, "me", RUNTIME),
        Ledger(calls, "another", RUNTIME),
    )
    call = CallId(Stage.EXTRACT, f"{1:032x}")
    entry = first.begin(call, intent(9), Budget())
    assert entry is not None
    second.read()
    (same,) = second.entries()
    second.end(same, answer_of(3))
    first.end(entry, answer_of(5))
    assert committed(first) == committed(second) == 3


def test_no_call_begins_without_the_lease(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The lease is lost while the intent is stored: the call is not sent, and not unknown."""
    model = opened(model_settings, calls)

    def lose(name: CallName) -> None:
        calls.leased = name.record is not CallRecord.INTENT

    calls.after = lose
    threading.Timer(0.2, model.stop).start()
    with pytest.raises(EngineFailedError, match="stopped"):
        model.answer(question())
    assert api.paid == []


def test_a_record_contains_no_prompt_and_no_key(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    opened(model_settings, calls).answer(question(prompt="A secret prompt."))
    stored = b"".join(calls.objects.values())
    assert b"secret prompt" not in stored
    assert b"sk-test-1" not in stored
    (first, *_) = calls.objects.values()
    record = decode(first)
    assert isinstance(record, Intent)
    assert record.purpose == "chapter 1"
    assert len(api.paid) == 1


def test_a_damaged_record_is_named(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    opened(model_settings, calls).answer(question())
    name = next(iter(calls.objects))
    calls.objects[name] = b"{"
    model = Model(model_settings, QuickRuntime(), "claude-sonnet-5-5")
    with pytest.raises(EngineFailedError, match="is damaged") as raised:
        model.begin(workspace(calls))
    assert name.key in str(raised.value)
