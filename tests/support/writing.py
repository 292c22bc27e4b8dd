"""A process that writes to a folder store until it is killed.

Each line it prints is a key that it finished.
"""

import hashlib
import os
import sys
from itertools import count
from pathlib import Path

from worker.store.folder import FolderStore


def body_of(key: str) -> bytes:
    """Return a key's content: larger than one write, so that a half-written file is recognised."""
    return hashlib.sha256(key.encode()).hexdigest().encode() * 4000


def write(root: Path, name: str) -> None:
    """Create and put objects endlessly, and delete some of them."""
    store = FolderStore(root)
    for number in count():
        key = f"job/{number % 3}/{name}/{number}"
        store.create(key, body_of(key), "text/plain")
        store.put("job/heartbeat", body_of("job/heartbeat"), "text/plain")
        if number % 5 == 4:
            store.delete([f"job/{(number - 4) % 3}/{name}/{number - 4}"])
        os.write(1, f"{key}\n".encode())


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
