"""How to build a project and run its code: the commands of its ecosystem, by its manifest files."""

import re
from dataclasses import dataclass
from functools import partial
from posixpath import dirname
from typing import Final

from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.manifests import table

ENVIRONMENT: Final = ".venv/bin/"
"""The folder of the programs of a Python project's environment."""
CREATE: Final = "python -m venv .venv"
UPGRADE: Final = f"{ENVIRONMENT}pip install --upgrade pip"
INSTALL: Final = f"{ENVIRONMENT}pip install -e "
_PYTHON: Final = (CREATE, f"{INSTALL}.")
_TEST_GROUPS: Final = ("test", "tests", "testing", "dev")
_TEST_FILES: Final = (
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "requirements/testing.txt",
    "test-requirements.txt",
    "tests/requirements.txt",
    "requirements-dev.txt",
    "requirements/dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
)
_LOCK_FILES: Final = ("uv.lock", "poetry.lock", "pdm.lock")
_PYTEST: Final = re.compile(r"pytest\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;#].*)?")
"""A requirement of pytest itself, none of its plugins."""
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")
_NAME: Final = re.compile(r"[A-Za-z\d][\w.-]*")
_PACKAGE: Final = re.compile(r"^(?=\[\[package\]\])", re.MULTILINE)
_OF_PYTEST: Final = re.compile(r"^name = \"pytest", re.MULTILINE)
_LOCKS: Final = {
    "pnpm-lock.yaml": "pnpm install",
    "yarn.lock": "yarn install",
    "bun.lock": "bun install",
}
"""What installs the packages of a project with this file, instead of npm."""
_MANIFESTS: Final = {
    "pyproject.toml": _PYTHON,
    "setup.py": _PYTHON,
    "setup.cfg": _PYTHON,
    "package.json": ("npm install",),
    "go.mod": ("go mod download", "go build ./..."),
    "Cargo.toml": ("cargo build",),
    "pom.xml": ("mvn compile",),
    "build.gradle": ("gradle build",),
    "build.gradle.kts": ("gradle build",),
    "CMakeLists.txt": ("cmake -B build", "cmake --build build"),
    "meson.build": ("meson setup build", "meson compile -C build"),
    "Gemfile": ("bundle install",),
    "composer.json": ("composer install",),
    "Makefile": ("make",),
}
"""The commands of each manifest, in the order in which manifests are looked for."""
_OF_LANGUAGE: Final = {
    Language.PYTHON: {"pyproject.toml", "setup.py", "setup.cfg"},
    Language.JAVASCRIPT: {"package.json"},
    Language.TYPESCRIPT: {"package.json"},
    Language.TSX: {"package.json"},
    Language.GO: {"go.mod"},
    Language.RUST: {"Cargo.toml"},
    Language.JAVA: {"pom.xml", "build.gradle", "build.gradle.kts"},
    Language.KOTLIN: {"pom.xml", "build.gradle", "build.gradle.kts"},
    Language.C: {"CMakeLists.txt", "meson.build", "Makefile"},
    Language.CPP: {"CMakeLists.txt", "meson.build", "Makefile"},
    Language.RUBY: {"Gemfile"},
    Language.PHP: {"composer.json"},
}
_NO_NETWORK: Final = frozenset({"cmake", "meson", "make"})
_INTERPRETERS: Final[dict[str, tuple[str, str]]] = {
    Language.GO: ("try_it/main.go", "go run ./try_it"),
    Language.PYTHON: ("try_it.py", f"{ENVIRONMENT}python try_it.py"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """How to build a project."""

    folder: str
    """In the repository; empty for its root."""
    manifest: str
    """The path of the file that says how."""
    commands: tuple[str, ...]

    @property
    def needs_network(self) -> bool:
        """Whether the commands download what the project depends on."""
        programs = {command.partition(" ")[0] for command in self.commands}
        return not programs <= _NO_NETWORK


def setup(facts: CourseFacts, path: str) -> Setup | None:
    """Return how the project of a file is built, by the nearest manifest of its language."""
    names = _OF_LANGUAGE.get(facts.file(path).language, set())
    folder = path
    while folder:
        folder = dirname(folder)
        prefix = ""
        if folder:
            prefix = f"{folder}/"
        for name, commands in _MANIFESTS.items():
            manifest = f"{prefix}{name}"
            if name in names and manifest in facts.analysis.files:
                find = partial(_commands, facts, prefix, manifest, commands)
                return Setup(
                    folder=folder,
                    manifest=manifest,
                    commands=facts.remembered(("setup", manifest), find),
                )
    return None


def _commands(
    facts: CourseFacts, prefix: str, manifest: str, commands: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the commands of a manifest as the project's own files change them."""
    if commands == _PYTHON:
        return _PYTHON[0], *_installation(facts, prefix)
    if manifest.endswith("package.json"):
        files = facts.analysis.files
        locks = [lock for lock in _LOCKS if f"{prefix}{lock}" in files]
        if locks:
            return (_LOCKS[locks[0]],)
    return commands


def _installation(facts: CourseFacts, prefix: str) -> tuple[str, ...]:
    """Return how pip installs a project and what its tests need, as it declares them."""
    install = _PYTHON[1]
    for name in _TEST_FILES:
        path = f"{prefix}{name}"
        if _asks_for_pytest(facts, path):
            return (f"{install} -r {name}",)
    manifest = f"{prefix}pyproject.toml"
    lines = facts.texts.lines(manifest)
    text = "\n".join(lines)
    declared = table(manifest, text)
    groups = declared.get("dependency-groups")
    group = _with_pytest(groups)
    if isinstance(groups, dict) and group:
        pinned = _pinned(facts, prefix, groups[group])
        with_group = " ".join([f"{install} --group {group}", *pinned])
        # Older versions of pip do not know `--group`.
        return UPGRADE, with_group
    project = declared.get("project")
    if isinstance(project, dict):
        extras = project.get("optional-dependencies")
        extra = _with_pytest(extras)
        if extra:
            before = install.removesuffix(".")
            command = f"{before}'.[{extra}]'"
            return (command,)
    return (f"{install} pytest",)


def _asks_for_pytest(facts: CourseFacts, path: str) -> bool:
    """Whether a file of requirements installs pytest."""
    if path not in facts.analysis.files:
        return False
    lines = facts.texts.lines(path)
    return any(_PYTEST.fullmatch(line.strip()) for line in lines)


def _pinned(
    facts: CourseFacts, prefix: str, dependencies: list[object]
) -> list[str]:
    """Return pytest and its plugins among dependencies with the versions of the lock file."""
    versions: dict[str, str] = {}
    for lock in _LOCK_FILES:
        path = f"{prefix}{lock}"
        if path in facts.analysis.files:
            text = "\n".join(facts.texts.lines(path))
            versions = _locked(text)
            break
    pinned: list[str] = []
    for dependency in dependencies:
        match = _NAME.match(str(dependency))
        if match is None:
            continue
        name = match[0]
        if name in versions and name.startswith("pytest"):
            version = versions[name]
            pinned.append(f"{name}=={version}")
    return pinned


def _locked(text: str) -> dict[str, str]:
    """Return the versions of pytest and its plugins in a lock file, the highest of several.

    Only their tables are read: a lock file is long, and a parser of TOML slow.
    """
    tables = [part for part in _PACKAGE.split(text) if _OF_PYTEST.search(part)]
    pytest_tables = "".join(tables)
    lock = table("lock.toml", pytest_tables)
    packages = lock.get("package")
    versions: dict[str, str] = {}
    if not isinstance(packages, list):
        return versions
    for package in packages:
        if not isinstance(package, dict):
            continue
        name = str(package.get("name"))
        version = str(package.get("version"))
        if _VERSION.fullmatch(version):
            other = versions.get(name, "")
            versions[name] = max(other, version, key=_parts)
    return versions


def _parts(version: str) -> list[int]:
    return [int(number) for number in version.split(".") if number]


def _with_pytest(groups: object) -> str:
    """Return the name of the group of dependencies that tests need."""
    if not isinstance(groups, dict):
        return ""
    for name in _TEST_GROUPS:
        dependencies = groups.get(name)
        if isinstance(dependencies, list) and any(
            str(dependency).startswith("pytest") for dependency in dependencies
        ):
            return name
    return ""


def script(language: str) -> tuple[str, str]:
    """Return a file name for a small program, and the command that runs it, if there are any."""
    return _INTERPRETERS.get(language, ("", ""))
