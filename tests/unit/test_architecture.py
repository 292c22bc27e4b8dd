"""The rules for imports: the core stays pure, and every foreign library has one home."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for package in ("states", "worker")
    for path in (ROOT / package).rglob("*.py")
)
HOMES = {
    "boto3": ["worker/store/s3_client.py"],
    "botocore": [
        "worker/store/s3.py",
        "worker/store/s3_client.py",
        "worker/store/s3_connection.py",
    ],
    "charset_normalizer": ["worker/engines/static/reading/encoding.py"],
    "httpcore": ["worker/outbox/transport.py"],
    "httpx": [
        "worker/outbox/webhook.py",
        "worker/outbox/transport.py",
        "worker/platform/",
        "worker/engines/claude/api.py",
    ],
    "jinja2": ["worker/course/site/"],
    "markdown_it": ["worker/course/site/"],
    "markupsafe": ["worker/course/site/"],
    "pygments": ["worker/course/site/"],
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
    "base64", "collections", "dataclasses", "difflib", "enum", "functools", "hashlib", "http",
    "itertools", "json", "re", "states", "transitions", "types", "typing", "urllib",
}  # fmt: skip
LAYERS = (
    ("states",),
    ("worker", "worker.errors"),
    ("worker.system",),
    ("worker.settings",),
    ("worker.job_request",),
    ("worker.engines.port", "worker.source.port", "worker.store.port"),
    ("worker.store",),
    ("worker.course",),
    ("worker.ownership",),
    ("worker.outbox",),
    (
        "worker.engines.fondation",
        "worker.engines.static",
        "worker.platform",
        "worker.source",
    ),
    ("worker.engines.claude",),
    ("worker.run",),
    ("worker.wiring",),
    ("worker.services",),
    ("worker.gateway",),
    ("worker.cli",),
    ("worker.__main__",),
)
"""The packages in layers, lowest first: a module imports from its package and lower layers."""
ADAPTERS = (
    "worker.engines.claude.engine",
    "worker.engines.fondation.engine",
    "worker.engines.static.engine",
    "worker.outbox.webhook",
    "worker.platform.scaleway",
    "worker.source.git",
    "worker.source.local",
    "worker.store.folder",
    "worker.store.memory",
    "worker.store.s3",
)
"""Implementations of ports: outside their own package, only the wiring imports them."""


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
    "path",
    [path for path in MODULES if name(path).startswith("states/")],
    ids=name,
)
def test_the_core_is_pure(path: Path) -> None:
    assert {module.split(".")[0] for module in imports(path)} <= PURE


def package(module: str) -> str:
    """Return the innermost listed package of a module."""
    packages = [package for layer in LAYERS for package in layer]
    return max(
        (r for r in packages if f"{module}.".startswith(f"{r}.")), key=len
    )


def layer(module: str) -> int:
    return next(
        number
        for number, packages in enumerate(LAYERS)
        if package(module) in packages
    )


def module_name(path: Path) -> str:
    return (
        name(path)
        .removesuffix(".py")
        .replace("/", ".")
        .removesuffix(".__init__")
    )


def own_imports(path: Path) -> list[str]:
    """Return the modules of this project that a module imports."""
    modules = {module_name(module) for module in MODULES}
    imported = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [
                alias.name for alias in node.names if alias.name in modules
            ]
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            imported += [
                module if module in modules else node.module
                for module in submodules
            ]
    return imported


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_lead_to_lower_layers(path: Path) -> None:
    importer = module_name(path)
    forbidden = [
        module
        for module in own_imports(path)
        if package(module) != package(importer)
        and layer(module) >= layer(importer)
    ]
    assert forbidden == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_the_command_line_knows_the_gateway_only_where_it_starts_it(
    path: Path,
) -> None:
    importer = module_name(path)
    if (
        package(importer) == "worker.cli"
        and importer != "worker.cli.commands.gateway"
    ):
        assert [
            module
            for module in own_imports(path)
            if package(module) == "worker.gateway"
        ] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_the_wiring_knows_adapters(path: Path) -> None:
    importer = module_name(path)
    if importer == "worker.wiring":
        return
    foreign = [
        module
        for module in own_imports(path)
        if module in ADAPTERS and package(module) != package(importer)
    ]
    assert foreign == []


def test_a_public_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_only_what_everything_needs_lies_outside_of_packages() -> None:
    loose = {path.stem for path in (ROOT / "worker").glob("*.py")}
    assert loose == {"__init__", "__main__", "errors", "job_request", "wiring"}
