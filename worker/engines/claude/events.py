"""Reads a message of the Messages API: from a stream of events, or from a whole document.

Both are foreign data: everything about them is checked, and nothing may grow without bound.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from states.codec import JsonObject
from worker.engines.claude.failures import AnswerLostError, one_line
from worker.engines.claude.foreign import json_object
from worker.engines.claude.prices import Tokens

MAX_LINE: Final = 4 * 2**20
"""The longest line of a stream, in bytes."""
MAX_MESSAGE: Final = 64 * 2**20
"""The longest answer, in bytes as they are sent."""
_MAX_TOKENS: Final = 10**9

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A whole answer of the model."""

    text: str
    model: str
    stop_reason: str | None
    refusal: str | None
    """Why the model refuses, where the API says so."""
    tokens: Tokens | None
    """None where the endpoint does not say what was used."""


class EventStream:
    """Splits server-sent events, however they are cut into chunks; returns their data."""

    def __init__(self) -> None:
        """Begin with an empty buffer."""
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of each event that a chunk completes."""
        self._size += len(chunk)
        if self._size > MAX_MESSAGE:
            raise AnswerLostError("the answer is too long")
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE:
            raise AnswerLostError("a line of the answer is too long")
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return
        if self._data:
            yield b"\n".join(self._data)
        self._data = []


class MessageReader:
    """Puts a message together from the events of its stream."""

    def __init__(self) -> None:
        """Begin without a message."""
        self.complete = False
        """Whether the stream has said that the message is whole."""
        self._texts: dict[str, list[str]] = {}
        """By the index of their block; blocks of other kinds are left out."""
        self._model = ""
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}

    def take(self, data: bytes) -> None:
        """Take the data of an event; those that are unknown are left out."""
        event = read_document(data)
        match event.get("type"):
            case "message_start":
                message = _object(event, "message")
                self._model = str(message.get("model", ""))
                self._use(message)
            case "content_block_start":
                self._start_block(event)
            case "content_block_delta":
                self._add(event)
            case "message_delta":
                self._stop |= _object(event, "delta")
                self._use(event)
            case "message_stop":
                self.complete = True
            case "error":
                raise _failure(event)

    def message(self) -> Message:
        """Return the whole message; raise AnswerLostError if it is cut off."""
        # guard: paid calls: a stream without its end is no answer
        if not self.complete:
            raise AnswerLostError("the answer was cut off")
        blocks = map("".join, self._texts.values())
        text = "".join(blocks)
        return _message(text, self._model, self._stop, self._usage)

    def _start_block(self, event: Document) -> None:
        block = _object(event, "content_block")
        if block.get("type") == "text":
            index = str(event.get("index"))
            self._texts[index] = [_text(block)]

    def _add(self, event: Document) -> None:
        delta = _object(event, "delta")
        index = str(event.get("index"))
        is_text = delta.get("type") == "text_delta"
        if is_text and index in self._texts:
            self._texts[index].append(_text(delta))

    def _use(self, event: Document) -> None:
        usage = _object(event, "usage")
        for name, value in usage.items():
            if value is not None:
                self._usage[name] = value


def read_message(content: bytes | Document) -> Message:
    """Read a message that came as one document."""
    document = read_document(content) if isinstance(content, bytes) else content
    if document.get("type") != "message":
        raise AnswerLostError("the answer is not a message")
    blocks = document.get("content")
    texts = ""
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and block.get("type") == "text":
            texts += _text(block)
    model = str(document.get("model", ""))
    return _message(texts, model, document, _object(document, "usage"))


def read_document(content: bytes) -> JsonObject:
    """Read an object of the API; raise AnswerLostError if it is none."""
    document = json_object(content)
    if document is None:
        raise AnswerLostError("the answer is not a JSON object")
    return document


def _failure(event: Document) -> AnswerLostError:
    error = _object(event, "error")
    kind = error.get("type")
    text = error.get("message")
    return AnswerLostError(one_line(f"{kind}: {text}"))


def _message(text: str, model: str, stop: Document, usage: Document) -> Message:
    reason = stop.get("stop_reason")
    details = _object(stop, "stop_details")
    refusal = details.get("category")
    return Message(
        text=text,
        model=one_line(model),
        stop_reason=reason if isinstance(reason, str) else None,
        refusal=one_line(refusal) if isinstance(refusal, str) else None,
        tokens=_tokens(usage),
    )


def _tokens(usage: Document) -> Tokens | None:
    prompt = _count(usage, "input_tokens")
    output = _count(usage, "output_tokens")
    if prompt is None or output is None:
        return None
    written = _count(usage, "cache_creation_input_tokens") or 0
    parts = _object(usage, "cache_creation")
    hourly = _count(parts, "ephemeral_1h_input_tokens") or 0
    hourly = min(hourly, written)
    return Tokens(
        input=prompt,
        cache_write_5m=written - hourly,
        cache_write_1h=hourly,
        cache_read=_count(usage, "cache_read_input_tokens") or 0,
        output=output,
    )


def _count(usage: Document, name: str) -> int | None:
    value = usage.get(name)
    if isinstance(value, int) and 0 <= value < _MAX_TOKENS:
        return value
    return None


def _object(document: Document, name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _text(block: Document) -> str:
    text = block.get("text", "")
    return text if isinstance(text, str) else ""
