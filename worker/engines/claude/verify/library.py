"""The names of Python itself: its builtins, and those of common standard modules."""

import builtins
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

from worker.engines.static.parsing.identifiers import word_set

BUILTINS: Final = frozenset(dir(builtins))
_MODULES: Final = word_set(
    "abc argparse asyncio base64 binascii collections collections.abc "
    "concurrent.futures configparser contextlib copy csv dataclasses datetime "
    "decimal email.message enum fractions functools gzip hashlib heapq hmac "
    "html http http.client importlib inspect io itertools json logging "
    "logging.config math multiprocessing operator os os.path pathlib pickle "
    "queue random re secrets shutil signal socket sqlite3 statistics string "
    "struct subprocess sys tempfile textwrap threading time traceback types "
    "typing unittest unittest.mock urllib.error urllib.parse urllib.request "
    "uuid warnings weakref zlib"
)
"""Modules that are safe to import for their names: importing them has no side effects."""


@cache
def names() -> frozenset[str]:
    """Return the public names of modules and builtins, and of the types among them."""
    found = set(BUILTINS)
    found.update(_public(builtins))
    for module in _MODULES:
        found.update(_public(import_module(module)))
    return frozenset(found)


def _public(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        yield name
        if isinstance(value, type):
            yield from dir(value)
