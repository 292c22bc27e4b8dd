"""The Messages API over HTTP, with faults on demand.

with MessagesServer() as api:
    api.url                                             # ANTHROPIC_BASE_URL
    api.fault(Fault(status=529, times=2))               # the next two requests
    api.fault(Fault(cut=4))                             # the next answer ends after 4 events
    api.paid, api.requests, ...

Another process adds faults by `POST /faults` with a JSON list of them.
"""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.http_server import HttpServer, QuietHandler
from tests.support.messages_api import answers
from tests.support.messages_api.batches import Batches
from tests.support.messages_api.model import (
    MODELS,
    Document,
    PrefixCache,
    RefusalError,
    check,
    invalid,
    prompt_tokens,
    tokens_of,
)

MAX_BODY: Final = 32 * 2**20
_PIECE: Final = 400
_KINDS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault of the next `times` requests whose method and path contain `on`."""

    on: str = "POST /v1/messages"
    times: int = 1
    status: int | None = None
    """Refuse with this status, without an effect."""
    message: str = "refused by a test"
    details: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: bool = False
    """Send a proxy's error page instead of the API's error."""
    lost: bool = False
    """Carry out the request, and close the connection without an answer."""
    cut: int | None = None
    """Close the connection after this many events."""
    end: int | None = None
    """End the stream properly after this many events."""
    error: int | None = None
    """Send an `error` event after this many events."""
    silent: int | None = None
    """Send nothing more after this many events, for the server's `silence_seconds`."""
    text: str | None = None
    """Answer with this text."""
    stop_reason: str | None = None
    model: str | None = None
    """Answer as this model."""
    no_usage: bool = False
    crlf: bool = False
    """Send lines that end with CRLF, byte by byte, and events of unknown types."""


class MessagesServer(HttpServer):
    """A workspace's view of the API."""

    def __init__(
        self,
        port: int = 0,
        *,
        log: Path | None = None,
        batch_seconds: float = 0.0,
        answer_seconds: float = 0.0,
        answer: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        """Answers take `answer_seconds`. The server runs within `with`."""
        super().__init__(_Handler, port=port)
        self.requests: list[str] = []
        """Method and path of each request."""
        self.bodies: list[Document] = []
        """The requests for messages, in order."""
        self.headers: list[dict[str, str]] = []
        self.paid: list[Document] = []
        """The paid requests, as in the log."""
        self.answer = answer or answers.answer
        self.answer_seconds = answer_seconds
        self.silence_seconds: float | None = None
        """How long a silent connection stays open; None: until the server is closed."""
        self._log = log
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._cache = PrefixCache(time.monotonic)
        self.url = self.origin
        self.batches = Batches(batch_seconds, self.url, self._batch_message)

    def fault(self, fault: Fault) -> None:
        with self._lock:
            self._faults += [fault] * fault.times

    def take_fault(self, what: str) -> Fault:
        """Take the fault of a request."""
        with self._lock:
            self.requests.append(what)
            for fault in self._faults:
                if fault.on in what:
                    self._faults.remove(fault)
                    return fault
        return Fault()

    def handle(self, what: str, params: Mapping[str, str], body: Any) -> Any:  # noqa: ANN401
        """Return the answer to a request: a document, or lines."""
        with self._lock:
            match what.split("/"):
                case ["POST ", "v1", "messages", "count_tokens"]:
                    check({"max_tokens": 1, **body})
                    return {"input_tokens": prompt_tokens(body)}
                case ["GET ", "v1", "models", *rest]:
                    return _models(*rest)
                case [method, "v1", "messages", "batches", *rest]:
                    return self._batches(method.strip(), rest, params, body)
                case ["POST ", "faults"]:
                    for fault in body:
                        self.fault(Fault(**fault))
                    return {"faults": len(body)}
        raise RefusalError(404, "not_found_error", "Not Found")

    def _batches(
        self,
        method: str,
        path: list[str],
        params: Mapping[str, str],
        body: Document,
    ) -> Any:  # noqa: ANN401 - a document, or lines
        match method, path:
            case "POST", []:
                return self.batches.create(body)
            case "GET", []:
                return self.batches.list(params)
            case "GET", [batch_id]:
                return self.batches.document(self.batches.find(batch_id))
            case "GET", [batch_id, "results"]:
                return self.batches.results(batch_id)
            case "POST", [batch_id, "cancel"]:
                return self.batches.cancel(batch_id)
        raise RefusalError(404, "not_found_error", "Not Found")

    def message(self, body: Document, fault: Fault) -> Document:
        """Answer a message, which is paid from now on."""
        check(body)
        with self._lock:
            self.bodies.append(body)
            usage = self._cache.usage(body)
            message = self._message(body, fault, usage)
            self._pay(body, batch=False)
        return message

    def _batch_message(self, body: Document) -> Document:
        with self._lock:
            usage = {**self._cache.usage(body), "service_tier": "batch"}
            message = self._message(body, Fault(), usage)
            self._pay(body, batch=True)
        return message

    def _message(
        self, body: Document, fault: Fault, usage: Document
    ) -> Document:
        text = self.answer(body) if fault.text is None else fault.text
        reason = fault.stop_reason or "end_turn"
        if tokens_of(text) > body["max_tokens"]:
            text, reason = text[: 3 * body["max_tokens"]], "max_tokens"
        details = {"type": "refusal", "category": "cyber", "explanation": None}
        return {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": "message",
            "role": "assistant",
            "model": fault.model or body["model"],
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": reason,
            "stop_sequence": None,
            "stop_details": details if reason == "refusal" else None,
            "usage": {**usage, "output_tokens": max(1, tokens_of(text))},
        }

    def _pay(self, body: Document, *, batch: bool) -> None:
        asked = {name: body[name] for name in body if name != "stream"}
        text = json.dumps(asked, sort_keys=True)
        line = {
            "key": hashlib.sha256(text.encode()).hexdigest(),
            "model": body["model"],
            "batch": batch,
        }
        self.paid.append(line)
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _models(*path: str) -> Document:
    names = sorted(MODELS)
    if path and path[0] not in MODELS:
        raise RefusalError(404, "not_found_error", f"model: {path[0]}")
    models = [
        {
            "id": name,
            "type": "model",
            "display_name": name,
            "created_at": datetime(2026, 9, 1, tzinfo=UTC).isoformat(),
            "lifecycle": "active",
            "max_input_tokens": MODELS[name][0],
            "max_tokens": MODELS[name][1],
        }
        for name in (path or names)
    ]
    if path:
        return models[0]
    return {
        "data": models,
        "has_more": False,
        "first_id": names[0],
        "last_id": names[-1],
    }


def events(message: Document, fault: Fault) -> Iterator[tuple[str, Document]]:
    """Yield the events by which a message is streamed, a thought before it."""
    usage = {**message["usage"], "output_tokens": 1}
    if fault.no_usage:
        usage = {}
    empty: Document = {"content": [], "stop_reason": None, "stop_details": None}
    yield "message_start", {"message": {**message, **empty, "usage": usage}}
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    yield "content_block_start", {"index": 0, "content_block": thought}
    yield "ping", {}
    for kind, text in (("thinking", "Well."), ("signature", "c2ln")):
        delta = {"type": f"{kind}_delta", kind: text}
        yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    for index, block in enumerate(message["content"], 1):
        empty_block = {"type": "text", "text": ""}
        yield (
            "content_block_start",
            {"index": index, "content_block": empty_block},
        )
        text = block["text"]
        for at in range(0, len(text), _PIECE):
            delta = {"type": "text_delta", "text": text[at : at + _PIECE]}
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    stop = ("stop_reason", "stop_sequence", "stop_details")
    final = {"output_tokens": message["usage"]["output_tokens"]}
    yield (
        "message_delta",
        {
            "delta": {name: message[name] for name in stop},
            "usage": {} if fault.no_usage else final,
        },
    )
    yield "message_stop", {}


class _Handler(QuietHandler):
    api: ClassVar[MessagesServer]

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = f"{self.command} {self.path}"
        fault = self.api.take_fault(what)
        self.api.headers.append({k.lower(): v for k, v in self.headers.items()})
        if fault.page or len(content) > MAX_BODY:
            self._send(
                fault.status or 413, b"<html>an error page</html>", "text/html"
            )
            return
        try:
            self._answer(content, fault)
        except RefusalError as refusal:
            self._refuse(refusal, fault)

    def _answer(self, content: bytes, fault: Fault) -> None:
        if fault.status is not None:
            raise RefusalError(
                fault.status,
                _KINDS.get(fault.status, "api_error"),
                fault.message,
                **(fault.details or {}),
            )
        parts = urlsplit(self.path)
        if parts.path != "/faults":
            self._check_headers()
        try:
            body = json.loads(content or b"{}")
        except ValueError as error:
            raise invalid("the body is not JSON") from error
        if (self.command, parts.path) == ("POST", "/v1/messages"):
            self._message(body, fault)
            return
        answer = self.api.handle(
            f"{self.command} {unquote(parts.path)}",
            dict(parse_qsl(parts.query)),
            body,
        )
        if fault.lost:
            self.close_connection = True
            return
        lines = isinstance(answer, bytes)
        content = answer if lines else json.dumps(answer).encode()
        kind = "application/x-jsonl" if lines else "application/json"
        self._send(200, content, kind)

    def _check_headers(self) -> None:
        key, token = (
            self.headers.get("x-api-key"),
            self.headers.get("authorization"),
        )
        if not key and not (token or "").startswith("Bearer "):
            raise RefusalError(401, "authentication_error", "no key")
        if not self.headers.get("anthropic-version"):
            raise invalid("anthropic-version: header is required")

    def _message(self, body: Document, fault: Fault) -> None:
        message = self.api.message(body, fault)
        if fault.lost:
            self.close_connection = True
            return
        if not body.get("stream"):
            self.api.closing.wait(self.api.answer_seconds)
            self._send(200, json.dumps(message).encode(), "application/json")
            return
        self.send_response(200)
        self._send_headers({"Content-Type": "text/event-stream"})
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        # The pauses between the events add up to the time of the whole answer.
        everything = list(events(message, fault))
        pause = self.api.answer_seconds / len(everything)
        for number, (kind, event) in enumerate(everything):
            if self._ends_here(fault, number):
                return
            self._event(kind, event, fault)
            self.api.closing.wait(pause)
        self.wfile.write(b"0\r\n\r\n")

    def _ends_here(self, fault: Fault, number: int) -> bool:
        """Whether the stream ends before that event; if so, end it as the fault says."""
        if fault.silent == number:
            self.api.closing.wait(self.api.silence_seconds)
        if fault.error == number:
            error = {"type": "overloaded_error", "message": "Overloaded"}
            self._event("error", {"error": error}, fault)
            self.wfile.write(b"0\r\n\r\n")
        if fault.end == number:
            self.wfile.write(b"0\r\n\r\n")
        ends = number in {fault.silent, fault.error, fault.end, fault.cut}
        self.close_connection = self.close_connection or ends
        return ends

    def _event(self, kind: str, event: Document, fault: Fault) -> None:
        line = "\r\n" if fault.crlf else "\n"
        data = json.dumps({"type": kind, **event})
        text = f"event: {kind}{line}data: {data}{line}{line}"
        if fault.crlf:
            text = (
                f": comment{line}event: new{line}data: {{}}{line}{line}{text}"
            )
        content = text.encode()
        size = 1 if fault.crlf else len(content)
        for at in range(0, len(content), size):
            piece = content[at : at + size]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def _refuse(self, refusal: RefusalError, fault: Fault) -> None:
        document = {
            "type": "error",
            "error": refusal.error,
            "request_id": "req_refused",
        }
        content = json.dumps(document).encode()
        self._send(
            refusal.status, content, "application/json", dict(fault.headers)
        )

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self._send_headers(
            {
                "Content-Type": kind,
                "Content-Length": str(len(content)),
                **(headers or {}),
            }
        )
        self.end_headers()
        self.wfile.write(content)

    def _send_headers(self, headers: Mapping[str, str]) -> None:
        self.send_header("request-id", f"req_{secrets.token_hex(12)}")
        now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251
        for what, limit in (
            ("requests", 1000),
            ("input-tokens", 2_000_000),
            ("output-tokens", 400_000),
        ):
            prefix = f"anthropic-ratelimit-{what}"
            left = limit - len(self.api.bodies)
            self.send_header(f"{prefix}-limit", str(limit))
            self.send_header(f"{prefix}-remaining", str(max(0, left)))
            self.send_header(f"{prefix}-reset", now)
        for name, value in headers.items():
            self.send_header(name, value)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - as the library has it


def plan(path: Path) -> list[Fault]:
    """Read a file of faults: a JSON list of objects with the fields of Fault."""
    faults = json.loads(path.read_text(encoding="utf-8"))
    return [replace(Fault(), **fault) for fault in faults]
