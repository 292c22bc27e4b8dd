"""The model behind the stand-in: it checks a request, counts tokens, and caches prefixes."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Document = dict[str, Any]

MODELS: Final = {
    "claude-fable-5-2": (1_000_000, 128_000),
    "claude-haiku-4-5": (200_000, 64_000),
    "claude-haiku-5-5": (1_000_000, 128_000),
    "claude-opus-5-5": (1_000_000, 128_000),
    "claude-sonnet-5-5": (1_000_000, 128_000),
}
"""The most tokens of a prompt and of an answer, by model."""
FIELDS: Final = {
    "cache_control", "inference_geo", "max_tokens", "messages", "metadata", "model",
    "output_config", "service_tier", "stop_sequences", "stream", "system", "thinking",
    "tool_choice", "tools",
}  # fmt: skip
_EFFORTS: Final = {None, "low", "medium", "high", "xhigh", "max"}
_TOKEN_BYTES: Final = 3
_SMALLEST_PREFIX: Final = 1024
_LIVES: Final = {"5m": 300.0, "1h": 3600.0}
_MOST_BREAKPOINTS: Final = 4
_UNKNOWN_KEYWORDS: Final = {
    "exclusiveMaximum", "exclusiveMinimum", "maxItems", "maxLength", "maxProperties", "maximum",
    "minLength", "minProperties", "minimum", "multipleOf", "pattern", "uniqueItems",
}  # fmt: skip


class RefusalError(Exception):
    """The API refuses a request."""

    def __init__(
        self, status: int, kind: str, message: str, **details: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.details = details

    @property
    def error(self) -> Document:
        """The API's error object."""
        return {
            "type": self.kind,
            "message": str(self),
            "details": self.details or None,
        }


def invalid(message: str) -> RefusalError:
    return RefusalError(400, "invalid_request_error", message)


def tokens_of(value: object) -> int:
    """Return the number of tokens of a text or another JSON value."""
    text = value if isinstance(value, str) else json.dumps(value)
    return math.ceil(len(text) / _TOKEN_BYTES)


def check(body: Mapping[str, Any]) -> None:
    """Raise RefusalError if the API would refuse a request."""
    for name in body:
        if name not in FIELDS:
            raise invalid(f"{name}: Extra inputs are not permitted")
    model = body.get("model")
    if model not in MODELS:
        raise RefusalError(404, "not_found_error", f"model: {model}")
    longest_prompt, longest_answer = MODELS[model]
    most = body.get("max_tokens")
    if not isinstance(most, int) or most < 1:
        raise invalid("max_tokens: Field required")
    if most > longest_answer:
        raise invalid(
            f"max_tokens: {most} > {longest_answer}, which is the maximum allowed number "
            f"of output tokens for {model}"
        )
    _check_messages(body)
    _check_output(body.get("output_config") or {})
    count = prompt_tokens(body)
    if count > longest_prompt:
        raise invalid(
            f"prompt is too long: {count} tokens > {longest_prompt} maximum"
        )


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Return the number of tokens of a request's prompt."""
    return sum(tokens_of(block) for block, _ in _blocks(body))


def _check_messages(body: Mapping[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages: Field required")
    if messages[-1].get("role") != "user":
        raise invalid(
            "This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    if (body.get("tool_choice") or {}).get("type") in {"any", "tool"}:
        raise invalid("tool_choice: this model does not support forced tools")
    marks = [life for _, life in _blocks(body) if life is not None]
    if len(marks) > _MOST_BREAKPOINTS:
        raise invalid(
            f"A maximum of {_MOST_BREAKPOINTS} blocks with cache_control may be "
            f"provided. Found {len(marks)}."
        )


def _check_output(config: Mapping[str, Any]) -> None:
    if config.get("effort") not in _EFFORTS:
        raise invalid("output_config.effort: Input should be 'low' to 'max'")
    form = config.get("format")
    if form is None:
        return
    if form.get("type") != "json_schema" or "schema" not in form:
        raise invalid("output_config.format: Input should be a json_schema")
    optional = 0
    for schema in _schemas(form["schema"]):
        optional += _check_schema(schema)
    if optional > 24:
        raise invalid(
            "output_config.format.schema: Too many optional parameters"
        )


def _check_schema(schema: Mapping[str, Any]) -> int:
    """Check one level of a schema; return how many optional parameters it has."""
    at = "output_config.format.schema: "
    for name in sorted(_UNKNOWN_KEYWORDS & schema.keys()):
        raise invalid(
            f"{at}For 'string' type, property '{name}' is not supported"
        )
    if schema.get("minItems", 0) not in {0, 1}:
        raise invalid(
            f"{at}'minItems' values other than 0 or 1 are not supported"
        )
    if schema.get("type") != "object":
        return 0
    if schema.get("additionalProperties") is not False:
        raise invalid(
            f"{at}For 'object' type, 'additionalProperties' must be explicitly set to false"
        )
    return len(
        set(schema.get("properties", {})) - set(schema.get("required", ()))
    )


def _schemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    below = [
        *schema.get("properties", {}).values(),
        *schema.get("$defs", {}).values(),
        *schema.get("anyOf", ()),
    ]
    if "items" in schema:
        below.append(schema["items"])
    for part in below:
        yield from _schemas(part)


def _blocks(body: Mapping[str, Any]) -> Iterator[tuple[object, str | None]]:
    """Yield the blocks of a prompt, each with the life of a cache that ends with it, or None."""
    for tool in body.get("tools") or ():
        yield tool, _life(tool)
    contents = [body.get("system") or []]
    contents += [message["content"] for message in body["messages"]]
    for content in contents:
        if isinstance(content, str):
            yield content, None
            continue
        for block in content:
            yield block.get("text", block), _life(block)


def _life(block: Mapping[str, Any]) -> str | None:
    control = block.get("cache_control")
    if control is None:
        return None
    life = control.get("ttl", "5m")
    if control.get("type") != "ephemeral" or life not in _LIVES:
        raise invalid("cache_control: Input should be ephemeral, of 5m or 1h")
    return str(life)


@dataclass
class PrefixCache:
    """The prefixes of recent prompts."""

    clock: Callable[[], float]
    _ends: dict[str, float] = field(default_factory=dict)

    def usage(self, body: Mapping[str, Any]) -> Document:
        """Return the usage of a prompt, and cache its prefixes."""
        config = body.get("output_config") or {}
        digest = hashlib.sha256(
            json.dumps([body["model"], config], sort_keys=True).encode()
        )
        total = read = written = hourly = 0
        for block, life in _blocks(body):
            total += tokens_of(block)
            digest.update(json.dumps(block, sort_keys=True).encode())
            if life is None or total < _SMALLEST_PREFIX:
                continue
            if self._is_cached(digest.hexdigest(), life):
                read, written, hourly = total, 0, 0
            else:
                new = total - read - written
                written += new
                hourly += new if life == "1h" else 0
        return {
            "input_tokens": total - read - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": written - hourly,
                "ephemeral_1h_input_tokens": hourly,
            },
            "service_tier": "standard",
        }

    def _is_cached(self, name: str, life: str) -> bool:
        now = self.clock()
        cached = self._ends.get(name, 0.0) > now
        self._ends[name] = now + _LIVES[life]
        return cached


def is_name(custom_id: object) -> bool:
    return isinstance(custom_id, str) and bool(
        re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", custom_id)
    )
