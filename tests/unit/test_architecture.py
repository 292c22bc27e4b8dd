"""What may import what: the core stays pure, and every foreign library has one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for package in ("states", "worker") for path in (ROOT / package).rglob("*.py")
)
HOMES = {
    "boto3": ["worker/store/s3.py"],
    "botocore": ["worker/store/s3.py"],
    "httpcore": ["worker/outbox/transport.py"],
    "httpx": [
        "worker/outbox/webhook.py",
        "worker/outbox/transport.py",
        "worker/platform/",
    ],
    "rich": ["worker/run/progress_bar.py"],
    "starlette": ["worker/gateway/"],
    "subprocess": ["worker/system/process.py"],
    "tenacity": ["worker/system/retry.py"],
    "threading": [
        "worker/system/runtime.py",
        "worker/ownership/lease.py",
        "worker/engines/",
        "worker/gateway/queue.py",
    ],
    "transitions": ["states/machine.py"],
    "tree_sitter": ["worker/engines/static/"],
    "uvicorn": ["worker/gateway/"],
    "yaml": [
        "worker/course/formats.py",
        "worker/engines/",
        "worker/cli/commands/batch_file.py",
    ],
}
PURE = {
    "base64", "collections", "dataclasses", "enum", "functools", "hashlib", "http", "itertools", "json", "re",
    "states", "transitions", "types", "typing", "urllib",
}  # fmt: skip
OUTER = ("worker.cli.main", "worker.commands", "worker.gateway")
"""Only these know the outside; nothing further in imports them."""
ADAPTERS = (
    "worker.store.s3",
    "worker.store.folder",
    "worker.store.memory",
    "worker.outbox.webhook",
    "worker.source",
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_foreign_library_is_imported_in_its_home_only(path: Path) -> None:
    for module in imports(path):
        homes = HOMES.get(module.split(".")[0])
        assert homes is None or name(path).startswith(tuple(homes)), (
            f"{module} has its home in {homes}"
        )


@pytest.mark.parametrize(
    "path", [path for path in MODULES if name(path).startswith("states/")], ids=name
)
def test_the_core_is_pure(path: Path) -> None:
    assert {module.split(".")[0] for module in imports(path)} <= PURE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_inwards(path: Path) -> None:
    own = name(path).removesuffix(".py").replace("/", ".")
    if own.startswith((*OUTER, "worker.__main__")):
        return
    outward = [module for module in imports(path) if module.startswith(OUTER)]
    assert outward == []
    if not own.startswith("worker.wiring"):
        adapters = [
            module
            for module in imports(path)
            if module.startswith(ADAPTERS) and not module.endswith(".port")
        ]
        assert all(own.startswith(module.rsplit(".", 1)[0]) for module in adapters), (
            adapters
        )
