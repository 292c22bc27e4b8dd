"""What the CLI gets of the worker's environment: the model's credentials, a way out, and nothing else."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_CREDENTIALS: Final = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
_ADDRESSES: Final = (
    "ANTHROPIC_BASE_URL",
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)
_PLAIN: Final = (
    *("PATH", "LANG", "ANTHROPIC_MODEL"),
    *("NO_PROXY", "no_proxy", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
# Bedrock and Vertex are left out: they need the cloud's credentials, which are the store's as well.
_LOGIN: Final = (".claude/.credentials.json", ".claude.json")
_SHORTEST_SECRET: Final = 6
"""Anything shorter would be struck out of every other line."""


def variables(environment: Mapping[str, str], home: Path, scratch: Path) -> dict[str, str]:
    """Return the whole environment of the CLI."""
    passed_on = (*_PLAIN, *_CREDENTIALS, *_ADDRESSES)
    return {
        "LANG": "C.UTF-8",
        **{name: environment[name] for name in passed_on if environment.get(name)},
        "HOME": str(home),
        "TMPDIR": str(scratch),
    }


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what of the CLI's environment must not be seen in anything that it prints."""
    held = [environment.get(name) for name in _CREDENTIALS]
    held += [urlsplit(environment.get(name, "")).password for name in _ADDRESSES]
    return tuple(secret for secret in held if secret and len(secret) >= _SHORTEST_SECRET)


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
