"""A stage sends its questions as one batch, which outlives the run; none is sent twice."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from states.keys import CallName, CallRecord
from states.stages import Stage
from states.usage import Budget, ModelUsage
from tests.support.messages_api.model import Document, RefusalError
from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.paid_calls import (
    DeathError,
    MemoryCalls,
    opened,
    question,
)
from worker.engines.claude.batch_poller import MAX_WAIT_SECONDS
from worker.engines.claude.model import Model
from worker.engines.port import EngineFailedError, EngineWaitingError
from worker.settings.model import ModelSettings

ANSWER = {"text": "A text."}
QUESTIONS = [question(number) for number in (1, 2, 3)]
CREATE = "POST /v1/messages/batches"


@pytest.fixture
def batch_settings(model_settings: ModelSettings) -> ModelSettings:
    return replace(model_settings, batch=True)


def ask(model: Model) -> None:
    answers = dict(model.answers(QUESTIONS))
    assert answers == {0: ANSWER, 1: ANSWER, 2: ANSWER}


def usage(model: Model) -> ModelUsage:
    known_usage = model.usage()
    assert known_usage is not None
    (by_model,) = known_usage.by_model
    return by_model


def paid(api: MessagesServer) -> list[bool]:
    """Return for each paid request whether it was in a batch."""
    return [line["batch"] for line in api.paid]


def test_a_stage_is_one_batch_at_half_the_price(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(batch_settings, calls)
    ask(model)
    assert paid(api) == [True, True, True]
    assert api.requests.count(CREATE) == 1
    assert usage(model).calls == 3
    assert usage(model).unknown_calls == 0
    batched = usage(model)
    assert batched.cache_write_tokens > 1000
    # In nanodollars; a batch's prefix is cached for an hour.
    full_price = (
        batched.input_tokens * 2000
        + batched.cache_write_tokens * 4000
        + batched.cache_read_tokens * 100
        + batched.output_tokens * 10_000
    )
    assert batched.nanodollars == full_price / 2


def test_a_recorded_answer_counts_in_both_modes(
    api: MessagesServer,
    batch_settings: ModelSettings,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    ask(opened(batch_settings, calls))
    ask(opened(model_settings, calls))
    ask(opened(batch_settings, calls))
    assert len(api.paid) == 3
    assert api.requests.count(CREATE) == 1


def test_the_first_stages_and_single_questions_are_live(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(batch_settings, calls)
    list(model.answers([question(stage=Stage.EXTRACT)]))
    model.answer(question(repair=1))
    assert paid(api) == [False, False]


def test_a_batch_is_waited_for(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The batch ends at the fourth poll."""
    api.batches.seconds = 10_000.0
    asked: list[str] = []
    document = api.batches.document

    def end_later(batch: object) -> dict[str, object]:
        asked.append("")
        if len(asked) == 4:
            for each in api.batches.all.values():
                each.ends = each.created
        return document(batch)  # type: ignore[arg-type]

    api.batches.document = end_later  # type: ignore[method-assign]
    model = opened(batch_settings, calls)
    began = model._runtime.monotonic()
    ask(model)
    assert model._runtime.monotonic() - began >= 30 + 45
    assert paid(api) == [True, True, True]


def test_a_batch_that_takes_too_long_is_left_to_another_run(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.batches.seconds = 10_000.0
    model = opened(batch_settings, calls)
    began = model._runtime.monotonic()
    with pytest.raises(EngineWaitingError) as raised:
        ask(model)
    assert model._runtime.monotonic() - began >= MAX_WAIT_SECONDS
    (batch,) = api.batches.all.values()
    waiting = raised.value.waiting
    assert waiting.batch_id == batch.id
    assert waiting.expires_at is not None
    assert batch.id in str(raised.value)
    assert usage(model).unknown_calls == 3

    batch.ends = batch.created
    again = opened(batch_settings, calls)
    ask(again)
    assert paid(api) == [True, True, True]
    assert api.requests.count(CREATE) == 1
    assert (usage(again).calls, usage(again).unknown_calls) == (3, 0)


def test_after_a_stop_the_batch_is_what_the_job_waits_for(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.batches.seconds = 10_000.0
    model = opened(batch_settings, calls)
    document = api.batches.document

    def stop(batch: object) -> dict[str, object]:
        if len(api.requests) > 1:
            model.stop()
        return document(batch)  # type: ignore[arg-type]

    api.batches.document = stop  # type: ignore[method-assign]
    with pytest.raises(EngineWaitingError) as raised:
        ask(model)
    (batch,) = api.batches.all.values()
    assert raised.value.waiting.batch_id == batch.id


def dying(record: CallRecord, number: int) -> Callable[[CallName], None]:
    seen = iter(range(1, 100))

    def die(name: CallName) -> None:
        if name.record is record and next(seen) == number:
            raise DeathError

    return die


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("record", "number"),
    [
        *[(CallRecord.INTENT, number) for number in (1, 2, 3, 4)],
        *[(CallRecord.ANSWER, number) for number in (1, 2, 3, 4)],
    ],
)
def test_after_a_death_at_any_step_nothing_is_sent_again(
    moment: str,
    record: CallRecord,
    number: int,
    api: MessagesServer,
    batch_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    """The fourth intent is the batch's own; the first outcome is its id."""
    model = opened(batch_settings, calls)
    setattr(calls, moment, dying(record, number))
    with pytest.raises(DeathError):
        ask(model)
    calls.before = calls.after = lambda _: None

    again = opened(batch_settings, calls)
    ask(again)
    assert paid(api) == [True, True, True]
    assert api.requests.count(CREATE) == 1
    assert usage(again).calls == 3
    # If only the batch's intent was stored, the batch may have been sent.
    is_unknown = (moment, record, number) == ("after", CallRecord.INTENT, 4)
    assert usage(again).unknown_calls == (3 if is_unknown else 0)


def test_a_batch_of_an_earlier_generation_counts_until_its_outcome_is_known(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """After `resume --from`, no run waits for the batch, but it is paid all the same."""
    api.batches.seconds = 10_000.0
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, calls))
    api.batches.seconds = 0.0
    redone = opened(batch_settings, calls, generation=2)
    ask(redone)
    assert usage(redone).calls == 3
    assert usage(redone).unknown_calls == 3


def end_all(api: MessagesServer) -> None:
    """End all batches now; those that no run polls any longer are paid, too."""
    for batch in [*api.batches.all.values()]:
        batch.ends = batch.created
        api.batches.find(batch.id)


@pytest.mark.parametrize("batch", [True, False])
def test_a_pending_batch_is_collected_in_both_modes(
    batch: bool,  # noqa: FBT001 - a parameter
    api: MessagesServer,
    batch_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.batches.seconds = 10_000.0
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, calls))
    later = replace(batch_settings, batch=batch)
    with pytest.raises(EngineWaitingError):
        ask(opened(later, calls))
    end_all(api)
    again = opened(later, calls)
    ask(again)
    assert paid(api) == [True, True, True]
    assert (usage(again).calls, usage(again).unknown_calls) == (3, 0)


def test_without_batches_the_calls_of_a_batch_that_was_never_sent_cost_nothing(
    api: MessagesServer,
    batch_settings: ModelSettings,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    calls.after = dying(CallRecord.INTENT, 2)
    with pytest.raises(DeathError):
        ask(opened(batch_settings, calls))
    calls.after = lambda _: None
    again = opened(model_settings, calls)
    ask(again)
    assert paid(api) == [False, False, False]
    assert (usage(again).calls, usage(again).unknown_calls) == (3, 0)


def test_a_rival_that_settles_a_batchs_calls_keeps_it_from_being_created(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """Another run opens the job between the calls' intents and their batch's intent."""
    rivals: list[Model] = []

    def overtake(name: CallName) -> None:
        is_batch = calls.count(CallRecord.INTENT) == len(QUESTIONS)
        if name.record is CallRecord.INTENT and is_batch and not rivals:
            rivals.append(opened(batch_settings, calls))
            ask(rivals[0])

    calls.before = overtake
    model = opened(batch_settings, calls)
    ask(model)
    assert rivals
    assert paid(api) == [True, True, True]
    for reader in (model, rivals[0], opened(batch_settings, calls)):
        assert (usage(reader).calls, usage(reader).unknown_calls) == (3, 0)


def test_a_batch_that_the_list_shows_late_is_found(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    calls.before = dying(CallRecord.ANSWER, 1)
    with pytest.raises(DeathError):
        ask(opened(batch_settings, calls))
    calls.before = lambda _: None
    show = api.batches.list
    looks: list[str] = []

    def show_late(params: Mapping[str, str]) -> dict[str, object]:
        looks.append("")
        page = show(params)
        return page if len(looks) > 2 else {**page, "data": []}

    api.batches.list = show_late  # type: ignore[method-assign]
    again = opened(batch_settings, calls)
    ask(again)
    assert paid(api) == [True, True, True]
    assert (usage(again).calls, usage(again).unknown_calls) == (3, 0)


def test_a_batch_of_another_job_is_not_taken_for_ones_own(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The other job is about the same commit, so it asks the same questions."""
    api.batches.seconds = 10_000.0
    other = MemoryCalls()
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, other))
    end_all(api)
    api.batches.seconds = 0.0
    api.fault(Fault(on=CREATE, status=502, page=True))
    model = opened(batch_settings, calls)
    ask(model)
    assert api.requests.count(CREATE) == 3
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 3)
    ask(opened(batch_settings, other))
    assert paid(api) == [True] * 6


def test_a_later_batch_of_another_job_is_not_waited_for(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    calls.after = dying(CallRecord.INTENT, 4)
    with pytest.raises(DeathError):
        ask(opened(batch_settings, calls))
    calls.after = lambda _: None
    api.batches.seconds = 10_000.0
    now = api.batches.now
    api.batches.now = lambda: now() + timedelta(hours=1)
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, MemoryCalls()))
    api.batches.now = now
    api.batches.seconds = 0.0
    model = opened(batch_settings, calls)
    ask(model)
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 3)


def test_a_batch_that_may_be_ones_own_is_waited_for_but_not_named(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.batches.seconds = 10_000.0
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, MemoryCalls()))
    api.fault(Fault(on=CREATE, status=502, page=True))
    with pytest.raises(EngineWaitingError, match="may be this job's") as raised:
        ask(opened(batch_settings, calls))
    assert raised.value.waiting.batch_id is None
    api.batches.seconds = 0.0
    end_all(api)
    ask(opened(batch_settings, calls))
    assert paid(api) == [True] * 6


def test_answers_that_the_api_no_longer_has_stay_unknown(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    """The batch has ended and is paid, but the API has deleted its results, as after some weeks."""
    api.fault(Fault(on="/results", status=404))
    model = opened(batch_settings, calls)
    ask(model)
    assert paid(api) == [True] * 6
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 3)


def test_a_call_that_its_batch_has_no_result_for_stays_unknown(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    results = api.batches.results
    cuts = iter([1])

    def cut(batch_id: str) -> bytes:
        lines = results(batch_id).splitlines(keepends=True)
        return b"".join(lines[next(cuts, 0) :])

    api.batches.results = cut  # type: ignore[method-assign]
    model = opened(batch_settings, calls)
    ask(model)
    assert paid(api) == [True] * 4
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 1)


def test_a_batch_whose_creation_got_no_answer_is_found(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    other = opened(batch_settings, MemoryCalls())
    list(other.answers([question(number) for number in (7, 8, 9)]))
    api.fault(Fault(on=CREATE, lost=True))
    model = opened(batch_settings, calls)
    ask(model)
    assert api.requests.count(CREATE) == 2
    assert paid(api) == [True] * 6
    assert usage(model).unknown_calls == 0


def test_a_newer_batch_of_another_job_is_not_taken_for_the_one_that_is_looked_for(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(on=CREATE, lost=True))
    create = api.batches.create

    def create_two(body: dict[str, list[dict[str, str]]]) -> dict[str, object]:
        created = create(body)
        others = [
            {**request, "custom_id": f"other-{number}"}
            for number, request in enumerate(body["requests"])
        ]
        create({"requests": others})
        return created

    api.batches.create = create_two  # type: ignore[method-assign, assignment]
    model = opened(batch_settings, calls)
    ask(model)
    assert api.requests.count(CREATE) == 1
    # No call is made live.
    assert set(paid(api)) == {True}
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 0)


@pytest.mark.parametrize("status", [500, 504])
def test_a_batch_may_be_created_although_the_api_reports_an_error(
    status: int,
    api: MessagesServer,
    batch_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    create = api.batches.create
    failures = iter([RefusalError(status, "api_error", "it took too long")])

    def create_and_fail(body: Mapping[str, list[Document]]) -> Document:
        document = create(body)
        for failure in failures:
            raise failure
        return document

    api.batches.create = create_and_fail  # type: ignore[method-assign]
    model = opened(batch_settings, calls)
    ask(model)
    end_all(api)
    assert paid(api) == [True, True, True]
    assert (usage(model).calls, usage(model).unknown_calls) == (3, 0)


def test_a_batch_that_was_never_created_is_created_again(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(on=CREATE, status=502, page=True))
    model = opened(batch_settings, calls)
    ask(model)
    assert api.requests.count(CREATE) == 2
    assert paid(api) == [True, True, True]
    assert usage(model).unknown_calls == 3


def test_a_refused_creation_is_tried_again_and_costs_nothing(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(on=CREATE, status=529, times=2))
    model = opened(batch_settings, calls)
    ask(model)
    assert api.requests.count(CREATE) == 3
    assert paid(api) == [True, True, True]
    assert usage(model).unknown_calls == 0


def test_calls_that_a_batch_does_not_answer_are_made_live(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    kinds = iter(["errored", "succeeded", "expired"])
    create = api.batches.create

    def fail_some(body: dict[str, list[dict[str, str]]]) -> dict[str, object]:
        for request in body["requests"]:
            api.batches.outcomes[request["custom_id"]] = next(kinds)
        return create(body)

    api.batches.create = fail_some  # type: ignore[method-assign, assignment]
    model = opened(batch_settings, calls)
    ask(model)
    assert sorted(paid(api)) == [False, False, True]
    ask(opened(batch_settings, calls))
    assert len(api.paid) == 3
    assert api.requests.count(CREATE) == 1


@pytest.mark.parametrize("status", [404, 413])
def test_an_endpoint_that_takes_no_such_batch_is_asked_live(
    status: int,
    api: MessagesServer,
    batch_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.fault(Fault(on=CREATE, status=status))
    model = opened(batch_settings, calls)
    ask(model)
    assert paid(api) == [False, False, False]
    assert usage(model).unknown_calls == 0


def test_a_refused_key_ends_the_stage(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(on=CREATE, status=401))
    with pytest.raises(EngineFailedError) as raised:
        ask(opened(batch_settings, calls))
    assert raised.value.code == "engine_key"


def test_a_batch_fits_the_budget_as_a_whole_or_is_not_created(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    limit = Budget(nanodollars=20_000_000)
    with pytest.raises(EngineFailedError) as raised:
        ask(opened(batch_settings, calls, budget=limit))
    assert raised.value.code == "budget_spent"
    assert api.requests == []
    assert calls.objects == {}


def test_polls_may_fail_for_a_while(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(on="GET /v1/messages/batches", status=529, times=3))
    api.fault(Fault(on="/results", lost=True))
    ask(opened(batch_settings, calls))
    assert paid(api) == [True, True, True]


def test_no_batch_is_created_without_the_lease(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(batch_settings, calls)

    def lose(name: CallName) -> None:
        calls.leased = name.record is not CallRecord.INTENT

    calls.after = lose
    threading.Timer(0.2, model.stop).start()
    with pytest.raises(EngineFailedError, match="stopped"):
        ask(model)
    assert api.requests == []


def test_two_runs_take_the_answers_of_one_batch(
    api: MessagesServer, batch_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.batches.seconds = 10_000.0
    with pytest.raises(EngineWaitingError):
        ask(opened(batch_settings, calls))
    first, second = (opened(batch_settings, calls) for _ in range(2))
    for batch in api.batches.all.values():
        batch.ends = batch.created
    ask(first)
    ask(second)
    assert paid(api) == [True, True, True]
    assert calls.count(CallRecord.ANSWER) == 4
