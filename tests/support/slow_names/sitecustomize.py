"""Changes name resolution in processes that have this folder in their PYTHONPATH.

`two.test` has two addresses, 127.0.0.2 and 127.0.0.1. If SLOW_NAMES names an existing file,
resolving a name takes as many seconds as the file says.
"""

import os
import socket
import time
from pathlib import Path
from typing import Any

_resolve = socket.getaddrinfo
_ADDRESSES = {"two.test": ["127.0.0.2", "127.0.0.1"]}


def _resolve_slowly(
    host: Any,  # noqa: ANN401 - as the original
    *arguments: Any,  # noqa: ANN401
    **options: Any,  # noqa: ANN401
) -> list[Any]:
    name = host.decode() if isinstance(host, bytes) else host
    slow = Path(os.environ.get("SLOW_NAMES", "/nonexistent"))
    if name and not name[:1].isdigit() and slow.exists():
        time.sleep(float(slow.read_text()))
    return [
        resolved
        for address in _ADDRESSES.get(name, [name])
        for resolved in _resolve(address, *arguments, **options)
    ]


socket.getaddrinfo = _resolve_slowly
