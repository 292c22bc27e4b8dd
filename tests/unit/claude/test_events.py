"""Reading messages from streams and documents of any endpoint."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages_api.server import Fault, events
from worker.engines.claude import events as reading
from worker.engines.claude.events import (
    ApiMessage,
    EventStream,
    MessageReader,
    read_message,
)
from worker.engines.claude.failures import AnswerLostError
from worker.engines.claude.prices import Tokens

TEXT = "A text with a few words, and with more of them: ünïcødé. " * 20
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "x"}
BLOCK = {"type": "text", "text": TEXT}
USAGE = {
    "input_tokens": 7,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 20,
    "cache_creation": {
        "ephemeral_5m_input_tokens": 10,
        "ephemeral_1h_input_tokens": 20,
    },
    "output_tokens": 11,
}
WHOLE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [THOUGHT, BLOCK],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": USAGE,
}
STREAMED = {**WHOLE, "content": [BLOCK]}
READ = ApiMessage(
    text=TEXT,
    model="claude-sonnet-5-5",
    stop_reason="end_turn",
    refusal=None,
    tokens=Tokens(
        input=7,
        cache_write_5m=10,
        cache_write_1h=20,
        cache_read=20,
        output=11,
    ),
)


def stream(line: str = "\n", message: dict[str, Any] = STREAMED) -> bytes:
    text = f": a comment{line}event: ping{line}{line}"
    for kind, event in events(message, Fault()):
        data = json.dumps({"type": kind, **event})
        text += f"id: 1{line}event: {kind}{line}data: {data}{line}{line}"
    return text.encode()


def read(*chunks: bytes) -> ApiMessage:
    parts, reader = EventStream(), MessageReader()
    for chunk in chunks:
        for data in parts.feed(chunk):
            reader.take(data)
    return reader.message()


@pytest.mark.parametrize("line", ["\n", "\r\n"])
@given(st.data())
def test_a_stream_may_be_cut_into_any_chunks(
    line: str, data: st.DataObject
) -> None:
    content = stream(line)
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=20))
    places = [0, *sorted(cuts), len(content)]
    chunks = [content[begin:end] for begin, end in pairwise(places)]
    assert read(*chunks) == READ


def test_a_document_is_read_like_a_stream() -> None:
    assert read_message(WHOLE) == READ
    assert read_message(json.dumps(WHOLE).encode()) == READ


def test_a_stream_without_its_end_is_not_an_answer() -> None:
    content = stream()
    last = content.rindex(b"id: 1")
    with pytest.raises(AnswerLostError, match="cut off"):
        read(content[:last])


@pytest.mark.parametrize(
    "event",
    [
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b'data: {"type": "error", "error": {"type": "overloaded_error"}}\n\n',
    ],
)
def test_an_invalid_event_loses_the_answer(event: bytes) -> None:
    content = stream()
    with pytest.raises(AnswerLostError):
        read(content[: content.index(b"id: 1")], event, content)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start", "message": [], "usage": 3},
        {"type": "content_block_start", "index": [1], "content_block": "text"},
        {"type": "content_block_delta", "index": {}, "delta": {"text": 4}},
        {"type": "content_block_delta"},
        {"type": ["message_stop"]},
        {"type": "of next year", "anything": 1},
        {},
    ],
)
def test_events_of_another_form_are_left_out(event: dict[str, Any]) -> None:
    data = f"data: {json.dumps(event)}\n\n".encode()
    content = stream()
    middle = content.index(b"id: 1")
    assert read(content[:middle], data, content[middle:]) == READ


def test_an_answer_may_not_grow_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 1000)
    with pytest.raises(AnswerLostError, match="a line of the answer"):
        read(b"data: " + b"x" * 1001)
    monkeypatch.setattr(reading, "MAX_MESSAGE", 2000)
    with pytest.raises(AnswerLostError, match="the answer is too long"):
        read(*[b"data: {}\n\n"] * 300)


@pytest.mark.parametrize(
    "usage",
    [{}, {"input_tokens": 1}, {"input_tokens": -1, "output_tokens": 1}, []],
)
def test_the_usage_of_a_message_may_be_unknown(usage: object) -> None:
    assert read_message({**WHOLE, "usage": usage}).tokens is None


@pytest.mark.parametrize("document", [b"{", b"[]", b'{"type": "error"}'])
def test_another_document_is_not_an_answer(document: bytes) -> None:
    with pytest.raises(AnswerLostError):
        read_message(document)
