"""The Messages API of a simulated world, and a record of the paid calls.

The worker's own client speaks to it: only the network between them is simulated.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from states.keys import CallName, CallRecord, call_name
from tests.simulation.network import Connection, Fault
from tests.simulation.observer import Observer
from tests.simulation.scheduler import START, Process, Scheduler
from tests.support.messages_api.batches import Batches
from tests.support.messages_api.model import (
    MODELS,
    Document,
    PrefixCache,
    RefusalError,
    check,
    prompt_tokens,
    tokens_of,
)
from tests.support.paid_calls import MODEL
from tests.support.world import JOB
from worker.engines.claude.events import read_message
from worker.engines.claude.prices import read_prices
from worker.engines.claude.pricing import digest
from worker.engines.claude.records import (
    Answer,
    Intent,
    StoredRecord,
    decode,
)
from worker.store.memory import MemoryStore

URL: Final = "http://127.0.0.1"
BUSY: Final[tuple[tuple[int, str, dict[str, str]], ...]] = (
    (429, "rate_limit_error", {"retry-after": "7"}),
    (429, "rate_limit_error", {}),
    (529, "overloaded_error", {}),
)
"""Temporary refusals: status, type and headers."""
_STEPS: Final = {
    r"POST messages": "send",
    r"POST messages/count_tokens": "count",
    r"POST messages/batches": "create",
    r"GET messages/batches": "list",
    r"GET messages/batches/[^/]+": "poll",
    r"GET messages/batches/[^/]+/results": "results",
    r"GET models/.*": "check",
}


class AnsweredError(Exception):
    """The API, or a proxy in front of it, answers with an error."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(str(response.status_code))
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A call that was sent, live or in a batch."""

    name: CallName
    nanodollars: int


class RecordingStore(MemoryStore):
    """A store that remembers when each record of a call was created, and its content."""

    def __init__(
        self, scheduler: Scheduler, clock: Callable[[], float]
    ) -> None:
        super().__init__(clock)
        self._scheduler = scheduler
        self.records: dict[CallName, StoredRecord] = {}
        self.stored_at: dict[CallName, float] = {}
        self.most_committed = 0
        """The highest possible cost of all recorded calls, at its peak."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        now = super().create(key, body, media_type)
        name = call_name(key)
        if name is not None:
            self.records[name] = decode(body)
            self.stored_at[name] = self._scheduler.time
            committed = self.known() + self.unknown()
            self.most_committed = max(self.most_committed, committed)
        return now

    def intents(self) -> dict[CallName, Intent]:
        """Return the intents of all calls."""
        return {
            name: record
            for name, record in self.records.items()
            if isinstance(record, Intent)
        }

    def outcome(self, name: CallName) -> StoredRecord | None:
        """Return the outcome of an intent's call."""
        return self.records.get(answer_of(name))

    def known(self) -> int:
        """Return the cost of the recorded answers in nanodollars."""
        return sum(answer.nanodollars for answer in self.answers())

    def answers(self) -> list[Answer]:
        """Return all recorded answers."""
        records = self.records.values()
        return [record for record in records if isinstance(record, Answer)]

    def answered(self) -> list[tuple[str, str]]:
        """Return the stage and the key of each recorded answer."""
        return [
            (name.stage, name.key)
            for name, record in self.records.items()
            if isinstance(record, Answer)
        ]

    def unknown(self) -> int:
        """Return the highest possible cost of calls without an outcome, in nanodollars."""
        intents = self.lost()
        return sum(intent.nanodollars for intent in intents)

    def lost(self) -> list[Intent]:
        """Return the intents without an outcome."""
        return [
            intent
            for name, intent in self.intents().items()
            if self.outcome(name) is None
        ]


class SimApi:
    """The server that all processes of a simulation reach."""

    def __init__(
        self,
        scheduler: Scheduler,
        observer: Observer,
        store: RecordingStore,
        prices: Path,
    ) -> None:
        self.scheduler = scheduler
        self.store = store
        self.answer_seconds = 1.0
        """The longest time for an answer."""
        self.paid: list[Sending] = []
        self.misconduct: list[str] = []
        """Describes each call that should not have been sent."""
        self.listed_at: dict[Process, float] = {}
        """When each process last read the job's calls from the store."""
        self.lag: Callable[[], float] = lambda: 0.0
        """Returns how many seconds old a record must be to appear in a listing."""
        self.batches = Batches(0.0, URL, self._batch_message, self._now)
        self._observer = observer
        self._cache = PrefixCache(lambda: scheduler.time)
        self._newest_sender = 0
        self._names: dict[str, CallName] = {}
        """Calls by the digest of their body in a batch."""
        rates = read_prices(prices).find("127.0.0.1", MODEL)
        assert rates is not None
        self._rates = rates

    def begins(self, process: Process) -> None:
        """Record that a process begins a call, or a batch of calls."""
        observer = self._observer
        own = observer.numbers.get(process, 0)
        is_owner = own == observer.run and not observer.released
        is_misled = process.unaware or observer.set_ahead
        call = f"{process.name} (run {own}) at {self.scheduler.time:.2f}"
        if not is_owner and not is_misled and not observer.lawful:
            self.misconduct.append(f"{call} did not own the job")
        if own < self._newest_sender and not is_misled:
            self.misconduct.append(f"{call} called after its successor")
        self._newest_sender = max(own, self._newest_sender)

    def message(
        self, process: Process, writer: str, body: Document
    ) -> Document:
        """Answer a call, and count it as paid."""
        check(body)
        asked = {name: body[name] for name in body if name != "stream"}
        name = self._sent(process, writer, asked)
        message = self._message(body, self._cache.usage(body))
        if name is not None:
            self._pay(name, message, batch=False)
        return message

    def create(
        self, process: Process, writer: str, body: dict[str, list[Document]]
    ) -> Document:
        """Accept a batch, which counts as paid when it ends."""
        for request in body["requests"]:
            params = request["params"]
            name = self._sent(process, writer, _as_live(params), batch=True)
            if name is not None:
                self._names[digest(params)] = name
        return self.batches.create(body)

    def end_batches(self) -> None:
        """End all batches, whether a run asks for them or not."""
        for batch in [*self.batches.all.values()]:
            batch.ends = batch.created
            self.batches.find(batch.id)

    def counts(self) -> Counter[tuple[str, str]]:
        """Return how often each call was paid."""
        return Counter((call.name.stage, call.name.key) for call in self.paid)

    def _sent(
        self,
        process: Process,
        writer: str,
        body: Document,
        *,
        batch: bool = False,
    ) -> CallName | None:
        """Return the name of a call that arrives; record what is wrong with it."""
        sha256 = digest(body)
        names = [
            name
            for name, intent in self.store.intents().items()
            if intent.prompt_sha256 == sha256
            and intent.writer == writer
            and intent.batch == batch
            and self.store.outcome(name) is None
        ]
        if not names:
            self.misconduct.append(f"{process.name} sent without an intent")
            return None
        name = max(names, key=lambda name: name.number)
        seen_until = self.listed_at.get(process, 0.0) - self.lag()
        for other, record in self.store.records.items():
            is_same = (other.stage, other.key) == (name.stage, name.key)
            is_known = self.store.stored_at[other] < seen_until
            if is_same and is_known and isinstance(record, Answer):
                self.misconduct.append(f"{process.name} paid {other} again")
        return name

    def _batch_message(self, body: Document) -> Document:
        usage = {**self._cache.usage(body), "service_tier": "batch"}
        message = self._message(body, usage)
        name = self._names.get(digest(body))
        if name is not None:
            self._pay(name, message, batch=True)
        return message

    def _pay(self, name: CallName, message: Document, *, batch: bool) -> None:
        tokens = read_message(message).tokens
        assert tokens is not None
        cost = self._rates.cost(tokens, batch=batch)
        self.paid.append(Sending(name=name, nanodollars=cost))

    def _message(self, body: Document, usage: Document) -> Document:
        prompt = body["messages"][0]["content"]
        text = json.dumps({"text": _text(prompt)})
        return {
            "type": "message",
            "model": body["model"],
            "content": [{"type": "text", "text": text}],
            "stop_reason": "refusal" if "unspeakable" in prompt else "end_turn",
            "usage": {**usage, "output_tokens": tokens_of(text)},
        }

    def _now(self) -> Any:  # noqa: ANN401 - a datetime
        return START + timedelta(seconds=self.scheduler.time)


class SimTransport(httpx.BaseTransport):
    """The network between a process and the API."""

    def __init__(self, api: SimApi, connection: Connection) -> None:
        self._api = api
        self._connection = connection
        self.writer = ""
        """The process's name in its intents."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        body = json.loads(request.content or b"{}")
        name = f"api {_step(request.method, path)} {digest(body)[:8]}"
        if _step(request.method, path) in {"send", "create"}:
            self._api.begins(self._connection.process)
        try:
            return self._connection.perform(
                name,
                lambda: self._handle(request.method, path, body),
                self._error,
            )
        except AnsweredError as error:
            return error.response

    def _handle(self, method: str, path: str, body: Document) -> httpx.Response:
        api = self._api
        process = self._connection.process
        try:
            match _step(method, path):
                case "send":
                    answer = api.message(process, self.writer, body)
                    self._take_time()
                case "create":
                    answer = api.create(process, self.writer, body)
                case "count":
                    answer = {"input_tokens": prompt_tokens(body)}
                case "check":
                    answer = {"id": MODEL, "known": MODEL in MODELS}
                case "list":
                    answer = api.batches.list({"limit": "100"})
                case "poll":
                    batch_id = path.rpartition("/")[2]
                    answer = api.batches.document(api.batches.find(batch_id))
                case _:
                    content = api.batches.results(path.split("/")[2])
                    return httpx.Response(200, content=content)
        except RefusalError as refusal:
            return _refused(refusal.status, refusal.kind, {})
        return httpx.Response(200, json=answer)

    def _take_time(self) -> None:
        scheduler = self._connection.scheduler
        seconds = self._api.answer_seconds * scheduler.random.random()
        scheduler.pause(seconds)

    def _error(self, fault: Fault, reason: str) -> Exception:
        chance = self._connection.scheduler.random
        if fault is not Fault.FAILED:
            return httpx.ReadError(reason)
        if chance.random() < 0.5:
            return httpx.ConnectError(reason)
        return AnsweredError(_refused(*chance.choice(BUSY)))


def answer_of(name: CallName) -> CallName:
    """Return the name of the record of a call's outcome."""
    return CallName(
        stage=name.stage,
        key=name.key,
        number=name.number,
        record=CallRecord.ANSWER,
    )


def calls_list() -> str:
    """Return the operation that lists the job's calls."""
    return f"list {JOB}/calls/"


def _step(method: str, path: str) -> str:
    """Return the step of a call that a request performs."""
    for form, step in _STEPS.items():
        if re.fullmatch(form, f"{method} {path}"):
            return step
    raise AssertionError(f"{method} {path}")


def _text(prompt: str) -> str:
    """Return the text of an answer; for some questions, the first answer is faulty."""
    is_wrong = "difficult" in prompt and "Your earlier answer" not in prompt
    return f"{'wrong' if is_wrong else 'right'} {digest(prompt)[:12]}"


def _refused(status: int, kind: str, headers: dict[str, str]) -> httpx.Response:
    error = {"type": kind, "message": "not now"}
    document = {"type": "error", "error": error}
    return httpx.Response(status, headers=headers, json=document)


def _as_live(params: Document) -> Document:
    """Return the body that a call of a batch has when it is made live."""
    system = [
        {**block, "cache_control": {"type": "ephemeral"}}
        for block in params["system"]
    ]
    return {**params, "system": system}
