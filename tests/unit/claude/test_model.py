"""Questions and answers over real HTTP, with every fault that an endpoint can have."""

import logging
import threading
from dataclasses import replace

import pytest

from states.keys import CallName, CallRecord
from states.stages import Stage
from states.usage import Budget
from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.paid_calls import (
    MODEL,
    DeathError,
    MemoryCalls,
    QuickRuntime,
    opened,
    question,
    workspace,
)
from worker.engines.claude.failures import UnusableAnswerError
from worker.engines.claude.model import Model, check_settings, read_object
from worker.engines.port import (
    EngineConfigError,
    EngineFailedError,
    EngineWaitingError,
)
from worker.settings.model import ModelSettings
from worker.settings.reader import Secret

ANSWER = {"text": "A text."}


def test_a_request_has_the_form_that_the_api_requires(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(model_settings, calls)
    assert model.answer(question(effort="low")) == ANSWER
    (headers,) = api.headers
    assert headers["x-api-key"] == "sk-test-1"
    assert headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in headers
    (body,) = api.bodies
    assert body["stream"] is True
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["output_config"]["effort"] == "low"


def test_a_token_is_sent_where_there_is_no_key(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    token = replace(model_settings, key=None, token=Secret("a-token"))
    opened(token, calls).answer(question())
    assert api.headers[0]["authorization"] == "Bearer a-token"
    assert "x-api-key" not in api.headers[0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, headers={"retry-after": "7"}),
        Fault(status=429),
        Fault(status=500),
        Fault(status=504),
        Fault(status=529, times=6),
        Fault(status=502, page=True),
        Fault(lost=True),
        Fault(cut=0),
        Fault(cut=6),
        Fault(end=0),
        Fault(end=8),
        Fault(error=0),
        Fault(error=5),
    ],
    ids=str,
)
def test_a_temporary_failure_is_retried(
    fault: Fault,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.fault(fault)
    assert opened(model_settings, calls).answer(question()) == ANSWER
    assert len(api.requests) == 1 + fault.times


def test_a_silent_stream_is_abandoned(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(silent=3))
    model = opened(model_settings, calls)
    model._api.silence_seconds = 0.5
    assert model.answer(question()) == ANSWER
    assert len(api.paid) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(crlf=True),
        Fault(model="another-model"),
        Fault(no_usage=True),
        Fault(text='Here it is:\n```json\n{"text": "A text."}\n```'),
    ],
    ids=str,
)
def test_answers_that_differ_from_the_api_are_read(
    fault: Fault,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.fault(fault)
    model = opened(model_settings, calls)
    assert model.answer(question()) == ANSWER
    usage = model.usage()
    assert usage is not None
    assert usage.by_model[0].nanodollars > 0


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (Fault(status=401), "engine_key", "ANTHROPIC_API_KEY"),
        (Fault(status=403), "engine_key", "ANTHROPIC_API_KEY"),
        (Fault(status=402), "billing", "credit"),
        (
            Fault(
                status=400,
                message="You have reached your specified API usage limits.",
            ),
            "billing",
            "usage limits",
        ),
        (
            Fault(
                status=429,
                details={"error_code": "enforced_spend_limit_reached"},
            ),
            "billing",
            "limit",
        ),
        (Fault(status=400, message="tools: no"), "engine_request", "tools: no"),
    ],
    ids=str,
)
def test_a_permanent_fault_ends_the_stage(
    fault: Fault,
    code: str,
    message: str,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.fault(fault)
    with pytest.raises(EngineFailedError) as raised:
        opened(model_settings, calls).answer(question())
    assert raised.value.code == code
    assert not raised.value.temporary
    assert message in str(raised.value)
    assert "sk-test-1" not in str(raised.value)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=404), "ANTHROPIC_MODEL is 'claude-sonnet-5-5'"),
        (Fault(status=404, page=True), "does not speak the Messages API"),
        (Fault(status=302, page=True), "does not speak the Messages API"),
    ],
    ids=str,
)
def test_a_wrong_model_or_endpoint_is_a_configuration_error(
    fault: Fault,
    message: str,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    api.fault(fault)
    with pytest.raises(EngineConfigError, match=message):
        opened(model_settings, calls).answer(question())


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ([Fault(stop_reason="refusal")], "the model refuses (cyber)"),
        ([Fault(stop_reason="max_tokens", times=2)], "the answer is too long"),
        ([Fault(text="", times=2)], "not a JSON object"),
        ([Fault(text="{'text'", times=2)], "not a JSON object"),
        ([Fault(text='["a", "list"]', times=2)], "not a JSON object"),
        ([Fault(status=413, page=True)], "the prompt is too long"),
        (
            [Fault(status=400, message="prompt is too long: 2 tokens > 1")],
            "the prompt is too long",
        ),
    ],
    ids=str,
)
def test_an_unusable_answer_concerns_its_question_only(
    faults: list[Fault],
    reason: str,
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
) -> None:
    for fault in faults:
        api.fault(fault)
    model = opened(replace(model_settings, concurrency=1), calls)
    first, second = dict(model.answers([question(1), question(2)])).values()
    assert isinstance(first, UnusableAnswerError)
    assert reason in first.reason
    assert second == ANSWER


def test_a_cut_answer_may_be_twice_as_long_and_a_broken_one_comes_again(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(stop_reason="max_tokens"))
    api.fault(Fault(text="no JSON"))
    assert opened(model_settings, calls).answer(question()) == ANSWER
    assert [body["max_tokens"] for body in api.bodies] == [1000, 2000, 2000]
    assert opened(model_settings, calls).answer(question()) == ANSWER
    assert len(api.paid) == 3


def test_no_connection_is_tried_again_and_then_waited_for(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    address = "http://127.0.0.1:1"
    nowhere = replace(model_settings, endpoint=address)
    model = opened(nowhere, calls)
    with pytest.raises(EngineWaitingError, match="no connection") as raised:
        model.answer(question())
    assert raised.value.waiting.batch_id is None
    assert raised.value.waiting.not_before > "2026"
    assert raised.value.temporary
    assert calls.count(CallRecord.ANSWER) == calls.count(CallRecord.INTENT)


def test_a_long_pause_is_not_waited_for(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(status=429, headers={"retry-after": "4000"}))
    with pytest.raises(EngineWaitingError):
        opened(model_settings, calls).answer(question())
    assert len(api.requests) == 1


def test_one_refused_call_makes_all_threads_wait(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(status=429, headers={"retry-after": "30"}))
    model = opened(model_settings, calls)
    began = model._runtime.monotonic()
    answers = list(model.answers([question(number) for number in range(8)]))
    assert len(answers) == 8
    assert model._runtime.monotonic() - began >= 30
    assert len(api.requests) == 9


def test_the_first_question_begins_alone_and_caches_the_prefix(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(model_settings, calls)
    assert len(list(model.answers([question(n) for n in range(9)]))) == 9
    usage = model.usage()
    assert usage is not None
    (chapters,) = usage.by_model
    prefix = chapters.cache_write_tokens
    assert prefix > 1000
    assert chapters.cache_read_tokens == 8 * prefix


def test_no_more_calls_are_in_flight_than_allowed(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def answer(_: object) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        api.closing.wait(0.05)
        with lock:
            now -= 1
        return '{"text": "A text."}'

    api.answer = answer
    api._lock = threading.Lock()  # type: ignore[assignment]
    model = opened(replace(model_settings, concurrency=3), calls)
    list(model.answers([question(number) for number in range(9)]))
    assert most <= 3


def test_after_a_stop_nothing_begins_and_what_is_in_flight_is_recorded(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(replace(model_settings, concurrency=2), calls)
    answering, released = threading.Event(), threading.Event()

    def answer(_: object) -> str:
        answering.set()
        released.wait(30)
        return '{"text": "A text."}'

    api.answer = answer

    def stop() -> None:
        answering.wait(30)
        model.stop()

    threading.Thread(target=stop).start()
    with pytest.raises(EngineFailedError, match="stopped") as raised:
        list(model.answers([question(number) for number in range(6)]))
    assert raised.value.temporary
    released.set()
    model.begin(workspace(calls))
    model.answer(question(0))
    assert len(api.paid) == 1


def test_nothing_begins_while_paused(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = Model(model_settings, QuickRuntime(), MODEL)
    model.pause()

    def unpause() -> None:
        api.requests.append("unpaused")
        model.unpause()

    threading.Timer(0.2, unpause).start()
    model.begin(workspace(calls))
    assert model.answer(question()) == ANSWER
    assert api.requests[0] == "unpaused"


def test_after_an_error_what_is_in_flight_is_yielded_first(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    api.fault(Fault(status=401))
    model = opened(model_settings, calls)
    with pytest.raises(EngineFailedError, match="refuses the key"):
        list(model.answers([question(number) for number in range(20)]))
    yielded = calls.count(CallRecord.INTENT)
    assert yielded <= 4
    assert calls.count(CallRecord.ANSWER) == yielded


def test_usage_is_counted_by_stage_and_survives_the_run(
    api: MessagesServer, model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = Model(model_settings, QuickRuntime(), MODEL)
    assert model.usage() is None
    model.begin(workspace(calls))
    model.answer(question(stage=Stage.ORDER))
    model.answer(question(1))
    model.answer(question(1, repair=1))
    model.fell_back(Stage.GENERATE_CHAPTERS, "chapters/chapter_3.md")
    usage = model.usage()
    assert usage is not None
    order, chapters = usage.by_model
    assert (order.stage, order.calls, order.repairs) == (Stage.ORDER, 1, 0)
    assert (chapters.calls, chapters.repairs, chapters.fallbacks) == (2, 1, 1)
    assert usage.prices_dated == "2026-11-28"
    again = opened(model_settings, calls).usage()
    assert again is not None
    assert again.by_model == (order, chapters)
    assert len(api.paid) == 3


def test_a_fallback_is_counted_once_over_all_runs_and_in_each_generation(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    stage = Stage.GENERATE_TUTORIALS
    for generation, paths in ((1, ["a"]), (1, ["a", "b"]), (2, ["a"])):
        model = opened(model_settings, calls, generation=generation)
        for path in paths:
            model.fell_back(stage, f"tutorials/{path}.md")
    usage = opened(model_settings, calls).usage()
    assert usage is not None
    (tutorials,) = usage.by_model
    assert (tutorials.stage, tutorials.calls) == (stage, 0)
    assert tutorials.fallbacks == 3


def test_an_item_is_not_made_without_the_model_before_that_is_recorded(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    model = opened(model_settings, calls)

    def die(_: CallName) -> None:
        raise DeathError

    calls.before = die
    with pytest.raises(DeathError):
        model.fell_back(Stage.ORDER, "step3_order.yaml")
    usage = model.usage()
    assert usage is not None
    assert usage.by_model == ()


def test_a_money_budget_needs_prices(
    model_settings: ModelSettings, calls: MemoryCalls
) -> None:
    unpriced = replace(model_settings, prices=None)
    model = Model(unpriced, QuickRuntime(), MODEL)
    with pytest.raises(EngineConfigError, match="MODEL_PRICES"):
        check_settings(unpriced, MODEL, None)
    check_settings(unpriced, MODEL, Budget(tokens=10**6))
    limit = workspace(calls, budget=Budget(tokens=10**6))
    model.begin(limit)
    assert model.answer(question()) == ANSWER
    with pytest.raises(EngineConfigError, match="BUDGET_TOKENS"):
        model.begin(workspace(calls))


def test_certain_faults_are_reported_before_any_request(
    api: MessagesServer, model_settings: ModelSettings
) -> None:
    Model(model_settings, QuickRuntime(), MODEL).check()
    api.fault(Fault(on="models", status=401))
    with pytest.raises(EngineFailedError, match="refuses the key"):
        Model(model_settings, QuickRuntime(), MODEL).check()
    for fault in (Fault(on="models", status=404), Fault(on="mod", status=529)):
        api.fault(fault)
        Model(model_settings, QuickRuntime(), MODEL).check()
    keyless = replace(model_settings, key=None)
    with pytest.raises(EngineConfigError, match="ANTHROPIC_API_KEY is missing"):
        check_settings(keyless, MODEL, None)
    assert api.paid == []


def test_a_call_is_one_line_of_the_log_without_content(
    api: MessagesServer,
    model_settings: ModelSettings,
    calls: MemoryCalls,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "worker")
    api.fault(Fault(status=529))
    opened(model_settings, calls).answer(question(prompt="A secret prompt."))
    lines = [vars(record) for record in caplog.records]
    assert [line["msg"] for line in lines] == [
        "the model's endpoint cannot answer now",
        "model call",
    ]
    assert lines[1]["purpose"] == "chapter 1"
    assert lines[1]["request_id"].startswith("req_")
    everything = str(lines)
    for secret in ("A secret prompt", "A text.", "sk-test-1"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": {"b": 1}}', {"a": {"b": 1}}),
        ('text {"a": 1} text', {"a": 1}),
        ("} {", None),
        ("[" * 50_000 + "{}", {}),
        ('{"a":' * 50_000 + "}", None),
        ("", None),
    ],
)
def test_an_object_is_found_in_a_text(text: str, document: object) -> None:
    assert read_object(text) == document
