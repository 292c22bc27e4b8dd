"""The stand-in for the API behaves as the official SDK expects, and as documented."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from urllib.request import Request, urlopen

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import MessageParam, TextBlock, TextBlockParam

from tests.support.messages_api.server import Fault, MessagesServer
from tests.support.paid_calls import MODEL, SCHEMA

MESSAGES: list[MessageParam] = [{"role": "user", "content": "A question."}]
SYSTEM: list[TextBlockParam] = [
    {
        "type": "text",
        "text": "A long beginning. " * 400,
        "cache_control": {"type": "ephemeral"},
    }
]


@pytest.fixture
def sdk(api: MessagesServer) -> Iterator[Anthropic]:
    with Anthropic(
        api_key="sk-test-1",
        base_url=api.url,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_a_message_comes_whole_or_as_a_stream(sdk: Anthropic) -> None:
    whole = sdk.messages.create(
        model=MODEL, max_tokens=100, messages=MESSAGES, system=SYSTEM
    )
    with sdk.messages.stream(
        model=MODEL, max_tokens=100, messages=MESSAGES, system=SYSTEM
    ) as stream:
        streamed = stream.get_final_message()
    assert whole.content == [TextBlock(type="text", text="An answer.")]
    assert [block.type for block in streamed.content] == ["thinking", "text"]
    assert streamed.stop_reason == whole.stop_reason == "end_turn"
    assert whole.usage.cache_creation_input_tokens == 2400
    assert whole.usage.cache_read_input_tokens == 0
    assert streamed.usage.cache_read_input_tokens == 2400
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert whole._request_id is not None


def test_an_answer_fits_the_schema(sdk: Anthropic) -> None:
    message = sdk.messages.create(
        model=MODEL,
        max_tokens=100,
        messages=MESSAGES,
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )
    (block,) = message.content
    assert isinstance(block, TextBlock)
    assert json.loads(block.text) == {"text": "A text."}


def test_tokens_are_counted_as_they_are_charged(sdk: Anthropic) -> None:
    counted = sdk.messages.count_tokens(model=MODEL, messages=MESSAGES)
    message = sdk.messages.create(
        model=MODEL, max_tokens=100, messages=MESSAGES
    )
    assert counted.input_tokens == message.usage.input_tokens


def test_models_are_listed_and_described(sdk: Anthropic) -> None:
    names = [model.id for model in sdk.models.list()]
    assert MODEL in names
    assert sdk.models.retrieve(MODEL).lifecycle == "active"
    with pytest.raises(anthropic.NotFoundError):
        sdk.models.retrieve("claude-1")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=400), anthropic.BadRequestError),
        (Fault(status=401), anthropic.AuthenticationError),
        (Fault(status=403), anthropic.PermissionDeniedError),
        (Fault(status=404), anthropic.NotFoundError),
        (Fault(status=429), anthropic.RateLimitError),
        (Fault(status=500), anthropic.InternalServerError),
        (Fault(status=529), anthropic.InternalServerError),
    ],
    ids=str,
)
def test_errors_are_those_of_the_api(
    fault: Fault,
    error: type[anthropic.APIStatusError],
    sdk: Anthropic,
    api: MessagesServer,
) -> None:
    api.fault(fault)
    with pytest.raises(error) as raised:
        sdk.messages.create(model=MODEL, max_tokens=100, messages=MESSAGES)
    assert raised.value.request_id is not None
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["error"]["message"] == "refused by a test"
    assert api.paid == []


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 0},
        {"extra_body": {"max_tokens": 200_000}},
        {"messages": []},
        {"messages": [*MESSAGES, {"role": "assistant", "content": "Yes, "}]},
        {"system": SYSTEM * 5},
        {"extra_body": {"temperature": 1}},
        {
            "output_config": {
                "format": {"type": "json_schema", "schema": {"type": "object"}}
            }
        },
        {
            "output_config": {
                "format": {
                    "type": "json_schema",
                    "schema": {"type": "string", "maxLength": 3},
                }
            }
        },
    ],
    ids=str,
)
def test_the_stand_in_refuses_what_the_api_refuses(
    change: dict[str, object], sdk: Anthropic, api: MessagesServer
) -> None:
    request = {"model": MODEL, "max_tokens": 1, "messages": MESSAGES, **change}
    with pytest.raises(anthropic.BadRequestError):
        sdk.messages.create(**request)  # type: ignore[call-overload]
    assert api.paid == []


def test_a_refusal_is_an_answer(sdk: Anthropic, api: MessagesServer) -> None:
    api.fault(Fault(stop_reason="refusal"))
    with sdk.messages.stream(
        model=MODEL, max_tokens=100, messages=MESSAGES
    ) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert message.stop_details.category == "cyber"


def test_an_answer_ends_at_its_limit(
    sdk: Anthropic, api: MessagesServer
) -> None:
    api.answer = lambda _: "word " * 100
    message = sdk.messages.create(model=MODEL, max_tokens=9, messages=MESSAGES)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 9


def test_an_error_inside_a_stream_is_raised(
    sdk: Anthropic, api: MessagesServer
) -> None:
    api.fault(Fault(error=4))
    with (
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
        sdk.messages.stream(
            model=MODEL, max_tokens=100, messages=MESSAGES
        ) as stream,
    ):
        stream.get_final_message()
    assert len(api.paid) == 1


def test_a_batch_is_made_listed_and_read(
    sdk: Anthropic, api: MessagesServer
) -> None:
    batches = sdk.messages.batches
    api.batches.seconds = 1000.0
    api.batches.outcomes |= {"b": "errored", "c": "expired"}
    batch = batches.create(
        requests=[
            {
                "custom_id": name,
                "params": {
                    "model": MODEL,
                    "max_tokens": 100,
                    "messages": MESSAGES,
                },
            }
            for name in ("a", "b", "c")
        ]
    )
    assert batch.processing_status == "in_progress"
    assert batch.request_counts.processing == 3
    with pytest.raises(anthropic.AnthropicError):
        batches.results(batch.id)
    api.batches.find(batch.id).ends = batch.created_at
    ended = batches.retrieve(batch.id)
    assert ended.processing_status == "ended"
    assert ended.request_counts.succeeded == 1
    results = {
        line.custom_id: line.result.type for line in batches.results(batch.id)
    }
    assert results == {"a": "succeeded", "b": "errored", "c": "expired"}
    assert [listed.id for listed in batches.list()] == [batch.id]
    assert [line["batch"] for line in api.paid] == [True]


def test_a_batch_can_be_canceled(sdk: Anthropic, api: MessagesServer) -> None:
    api.batches.seconds = 1000.0
    request = {"model": MODEL, "max_tokens": 9, "messages": MESSAGES}
    batch = sdk.messages.batches.create(
        requests=[{"custom_id": "a", "params": request}]  # type: ignore[typeddict-item]
    )
    canceled = sdk.messages.batches.cancel(batch.id)
    assert canceled.processing_status == "canceling"
    assert sdk.messages.batches.retrieve(batch.id).request_counts.canceled == 1
    assert api.paid == []


def test_the_program_logs_what_is_paid_and_takes_faults(
    tmp_path: Path,
) -> None:
    log = tmp_path / "paid.jsonl"
    arguments = [
        sys.executable, "-m", "tests.support.messages_api", "--log", str(log),
    ]  # fmt: skip
    with Popen(arguments, stdout=-1, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        faults = json.dumps([{"status": 529}]).encode()
        with urlopen(Request(f"{url}/faults", faults)):
            pass
        with Anthropic(api_key="k", base_url=url, max_retries=1) as sdk:
            sdk.messages.create(model=MODEL, max_tokens=9, messages=MESSAGES)
        program.terminate()
    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["model"], line["batch"]) == (MODEL, False)
    assert len(line["key"]) == 64
