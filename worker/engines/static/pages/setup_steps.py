"""How to build a project and run its code: the commands of its ecosystem, by its manifest files."""

from dataclasses import dataclass
from typing import Final

from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.reading.language import Language

_PYTHON: Final = ("python -m venv .venv", ".venv/bin/pip install -e . pytest")
_MANIFESTS: Final = {
    "pyproject.toml": _PYTHON,
    "setup.py": _PYTHON,
    "setup.cfg": _PYTHON,
    "package.json": ("npm install",),
    "go.mod": ("go build ./...",),
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
_INTERPRETERS: Final = {
    Language.PYTHON: ("try_it.py", ".venv/bin/python try_it.py"),
    Language.JAVASCRIPT: ("try_it.mjs", "node try_it.mjs"),
    Language.RUBY: ("try_it.rb", "bundle exec ruby try_it.rb"),
    Language.PHP: ("try_it.php", "php try_it.php"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """How to build a project."""

    folder: str
    """In the repository; empty for its root."""
    manifest: str
    """The path of the file that says how."""
    commands: tuple[str, ...]


def setup(facts: CourseFacts, path: str) -> Setup | None:
    """Return how the project of a file is built, by the nearest manifest of its language above it."""
    names = _OF_LANGUAGE.get(facts.file(path).language, set())
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        prefix = f"{folder}/" if folder else ""
        for name, commands in _MANIFESTS.items():
            manifest = f"{prefix}{name}"
            if name in names and manifest in facts.analysis.files:
                return Setup(
                    folder=folder, manifest=manifest, commands=commands
                )
    return None


def script(language: Language) -> tuple[str, str]:
    """Return a file name for a small program and the command that runs it; empty where there is none."""
    return _INTERPRETERS.get(language, ("", ""))
