"""The CLI's environment: the model's credentials, proxies, and nothing else."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from worker.engines.port import EngineFailedError

_CREDENTIALS: Final = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
)
_KEY_FILE: Final = "ANTHROPIC_API_KEY_FILE"
"""Names a file with the key, for those who mount secrets, or build them in; it may be empty."""
_ADDRESSES: Final = (
    "ANTHROPIC_BASE_URL",
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ),
)
_PLAIN: Final = (
    *("PATH", "ANTHROPIC_MODEL"),
    *(
        "NO_PROXY",
        "no_proxy",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
)
# Bedrock and Vertex are left out: they need the cloud's credentials, which are the store's as well.
_LOGIN: Final = (".claude/.credentials.json", ".claude.json")
_SHORTEST_SECRET: Final = 6
"""Anything shorter would be struck out of every other line."""


def variables(
    environment: Mapping[str, str], home: Path, scratch: Path
) -> dict[str, str]:
    """Return the whole environment of the CLI."""
    return {
        "LANG": "C.UTF-8",
        **{
            name: environment[name]
            for name in (*_PLAIN, *_ADDRESSES)
            if environment.get(name)
        },
        **_credentials(environment),
        "HOME": str(home),
        "TMPDIR": str(scratch),
    }


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what of the CLI's environment must not be seen in anything that it prints."""
    held: list[str | None] = list(_credentials(environment).values())
    held += [
        urlsplit(environment.get(name, "")).password for name in _ADDRESSES
    ]
    return tuple(
        secret for secret in held if secret and len(secret) >= _SHORTEST_SECRET
    )


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the model's credentials, or the key from its file."""
    found = {
        name: environment[name]
        for name in _CREDENTIALS
        if environment.get(name)
    }
    file = environment.get(_KEY_FILE)
    if found or not file:
        return found
    try:
        key = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise EngineFailedError(
            f"{_KEY_FILE} is {file!r}, which cannot be read ({error}): name a file with the key",
            temporary=False,
        ) from error
    return {"ANTHROPIC_API_KEY": key} if key else {}


def make_home(home: Path, environment: Mapping[str, str]) -> None:
    """Make the CLI's home, with the login to Claude that the worker's own home may hold."""
    (home / ".claude").mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = environment.get("HOME")
    for name in _LOGIN if ours else ():
        login = Path(ours or "", name)
        if login.is_file():
            copy = home / name
            copy.touch(mode=0o600)
            shutil.copyfile(login, copy)
