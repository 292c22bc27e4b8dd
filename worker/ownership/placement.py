"""Where a new job may be created: not among another store's objects, nor in a store inside a job.

Stores may share a bucket, even one below the other. But if the store `s3://bucket/team` has
jobs, the objects of a job `team` in the store `s3://bucket` would lie among them.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from states.keys import enclosing_folders, job_of
from worker.errors import ConfigError
from worker.store.port import ObjectEntry, Store

A_FEW: Final = 100
"""How many entries are read to find their owner."""
_JOB_FOLDER: Final = "job/"


def check_neighbours(
    store: Store, job_id: str, entries: Iterable[ObjectEntry]
) -> None:
    """Raise ConfigError if another store's jobs have objects below a new job's name."""
    for entry in entries:
        if _is_of_another_store(entry.key):
            raise ConfigError(
                f"JOB_ID is {job_id!r}, but another store has its jobs there "
                f"({store.uri(entry.key)}): use another JOB_ID, or the other "
                "store's STORE_URL",
                code="nested_store",
            )


def _is_of_another_store(key: str) -> bool:
    """Whether a key, without the first of its folders, is that of a job's object."""
    _, _, rest = key.partition("/")
    while rest:
        if job_of(rest):
            return True
        _, _, rest = rest.partition("/")
    return False


def check_store(store: Store) -> None:
    """Raise ConfigError if a store lies in the folder of another store's job."""
    for folder in enclosing_folders(urlsplit(store.url).path.strip("/")):
        listed = (
            store.entries("", limit=A_FEW)
            if folder
            else store.entries("checkpoints/", limit=1)
        )
        if any(job_of(_JOB_FOLDER + folder + entry.key) for entry in listed):
            raise ConfigError(
                f"STORE_URL is {store.url}, which lies inside a job of another store: "
                "give this store a prefix of its own",
                code="nested_store",
            )
