"""Which proxy is on the way to a server, by the environment: as httpx and curl have it."""

import re
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


def proxy_variables(url: str) -> tuple[str, ...]:
    """Return the variables that may name the proxy to a server, the strongest first."""
    scheme = urlsplit(url).scheme
    names = (f"{scheme}_proxy", "all_proxy")
    return tuple(spelling for name in names for spelling in (name, name.upper()))


def is_excepted(url: str, entries: str) -> bool:
    """Tell whether NO_PROXY names a server, a domain or network that it is in, or everything (`*`)."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme]
    return any(
        _covers(entry, host, port) for entry in re.split(r"[\s,]+", entries.lower())
    )


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(entry, strict=False)
    name = entry.removesuffix(f":{port}").strip("[]").lstrip("*.")
    return bool(name) and (host == name or host.endswith(f".{name}"))
