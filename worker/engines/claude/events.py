"""Reads a message of the Messages API: from a stream of events, or from a whole document.

Both are foreign data: everything is checked, and nothing may grow without bound.
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
class ApiMessage:
    """A complete answer of the model."""

    text: str
    model: str
    stop_reason: str | None
    refusal: str | None
    """Why the model refuses, if the API says so."""
    tokens: Tokens | None
    """None if the endpoint does not report usage."""


class EventStream:
    """Splits server-sent events, however they are cut into chunks, and returns their data."""

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
        received = self._rest + chunk
        lines = received.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE:
            raise AnswerLostError("a line of the answer is too long")
        for line in lines:
            bare = line.removesuffix(b"\r")
            yield from self._line(bare)

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line:
            self._take(line)
            return
        if self._data:
            yield b"\n".join(self._data)
        self._data = []

    def _take(self, field: bytes) -> None:
        name, _, value = field.partition(b":")
        if name == b"data":
            data = value.removeprefix(b" ")
            self._data.append(data)


class MessageReader:
    """Assembles a message from the events of its stream."""

    def __init__(self) -> None:
        """Begin without a message."""
        self.complete = False
        """Whether the stream has said that the message is complete."""
        self._texts: dict[str, list[str]] = {}
        """By the index of their block; other kinds of blocks are ignored."""
        self._model = ""
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}

    def take(self, data: bytes) -> None:
        """Process the data of an event; unknown events are ignored."""
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

    def message(self) -> ApiMessage:
        """Return the complete message; raise AnswerLostError if it is cut off."""
        # guard: paid calls: a stream without its end is no answer
        if not self.complete:
            raise AnswerLostError("the answer was cut off")
        blocks = map("".join, self._texts.values())
        text = "".join(blocks)
        return _message(text, self._model, self._stop, self._usage)

    def _start_block(self, event: Document) -> None:
        block = _object(event, "content_block")
        if block.get("type") != "text":
            return
        index = _index(event)
        beginning = _text(block)
        self._texts[index] = [beginning]

    def _add(self, event: Document) -> None:
        delta = _object(event, "delta")
        if delta.get("type") != "text_delta":
            return
        pieces = self._texts.get(_index(event))
        if pieces is None:
            return
        piece = _text(delta)
        pieces.append(piece)

    def _use(self, event: Document) -> None:
        usage = _object(event, "usage")
        for name, value in usage.items():
            if value is not None:
                self._usage[name] = value


def read_message(content: bytes | Document) -> ApiMessage:
    """Read a message that arrived as one document."""
    if isinstance(content, bytes):
        return read_message(read_document(content))
    if content.get("type") != "message":
        raise AnswerLostError("the answer is not a message")
    texts = ""
    for block in _blocks(content):
        if block.get("type") == "text":
            texts += _text(block)
    model = str(content.get("model", ""))
    usage = _object(content, "usage")
    return _message(texts, model, content, usage)


def read_document(content: bytes) -> JsonObject:
    """Read an object of the API; raise AnswerLostError if the document is not one."""
    document = json_object(content)
    if document is None:
        raise AnswerLostError("the answer is not a JSON object")
    return document


def _blocks(document: Document) -> Iterator[Document]:
    blocks = document.get("content")
    if not isinstance(blocks, list):
        return
    for block in blocks:
        if isinstance(block, dict):
            yield block


def _index(event: Document) -> str:
    number = event.get("index")
    return str(number)


def _failure(event: Document) -> AnswerLostError:
    error = _object(event, "error")
    kind = error.get("type")
    text = error.get("message")
    return AnswerLostError(one_line(f"{kind}: {text}"))


def _message(
    text: str, model: str, stop: Document, usage: Document
) -> ApiMessage:
    details = _object(stop, "stop_details")
    refusal = _text_or_none(details, "category")
    if refusal is not None:
        refusal = one_line(refusal)
    return ApiMessage(
        text=text,
        model=one_line(model),
        stop_reason=_text_or_none(stop, "stop_reason"),
        refusal=refusal,
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
    if not isinstance(value, int):
        return None
    if 0 <= value < _MAX_TOKENS:
        return value
    return None


def _object(document: Document, name: str) -> dict[str, Any]:
    value = document.get(name)
    if isinstance(value, dict):
        return value
    return {}


def _text(block: Document) -> str:
    text = _text_or_none(block, "text")
    return text or ""


def _text_or_none(document: Document, name: str) -> str | None:
    value = document.get(name)
    if isinstance(value, str):
        return value
    return None
