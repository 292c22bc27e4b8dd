"""Makes small changes to the core, one at a time, and lists those for which no fast test fails.

    python -m tests.sabotage.mutants                           every module of TESTS
    python -m tests.sabotage.mutants states/machine.py         one of them
    python -m tests.sabotage.mutants --stride 4 states/keys.py every fourth change
    python -m tests.sabotage.mutants --stride 4 --offset 1 …   from the second on

A change that needs no test is explained in `tests/sabotage/explained.toml`. The exit code is 1
if any other change survives, an explanation is wrong, or this harness fails.
"""

import argparse
import importlib.abc
import importlib.util
import os
import resource
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final

import pytest

from tests.sabotage.guard import ROOT
from tests.sabotage.mutated import TESTS
from tests.sabotage.mutations import mutations

EXPLAINED: Final = Path(__file__).with_name("explained.toml")
OPTIONS: Final = ("-xqs", "--tb=no", "-pno:cacheprovider")
ENVIRONMENT: Final = {
    # Makes Hypothesis try the same examples each time, and store none.
    "CI": "true",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
BY_PYTEST: Final = (
    "tests.conftest",
    "tests.contract",
    "tests.integration",
    "tests.simulation",
    "tests.unit",
)
"""Modules that pytest imports itself."""
RESULTS: Final = {0: "survived", 1: "killed", 2: "killed"}
"""By pytest's exit code: 2 if a test file, which may call the module, cannot be imported."""
WORKERS: Final = 2


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from changed source; without source, its import fails."""

    def __init__(self, module: str, source: str | None) -> None:
        self._file = module
        self._name = module.removesuffix(".py").replace("/", ".")
        self._source = source
        self.imported = False
        self.fails = False
        """Whether its import fails, which no test can miss."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        file = ROOT / self._file
        return importlib.util.spec_from_file_location(
            fullname, file, loader=self
        )

    def exec_module(self, module: ModuleType) -> None:
        if self._source is None:
            raise ImportError(self._name)
        self.imported = True
        code = compile(self._source, self._file, "exec")
        self.fails = True
        exec(code, module.__dict__)  # noqa: S102 - as any loader
        self.fails = False


class Trial:
    """Runs a module's tests against changed source, each time in a fork of this process."""

    def __init__(self, module: str, folder: str) -> None:
        self._module = module
        self._imported = Path(folder, "imported")
        self._options = [*OPTIONS, f"--basetemp={folder}/tests"]
        self._seconds = 60

    def prepare(self, source: str) -> bool:
        """Import everything that does not need the module; return whether its tests pass."""
        self.result(source)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._seconds = 3 + int(1.5 * used.ru_utime)
        blocked = Changed(self._module, None)
        sys.meta_path.insert(0, blocked)
        for name in self._imported.read_text().split():
            with suppress(ImportError):
                importlib.import_module(name)
        sys.meta_path.remove(blocked)
        return self.result(source) == "survived"

    def result(self, source: str) -> str:
        child = os.fork()
        if child == 0:
            self._test(source)
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if os.WIFSIGNALED(status):
            return "timed out"
        return RESULTS.get(os.WEXITSTATUS(status), "faults")

    def _test(self, source: str) -> None:
        """Run the tests, and end this process."""
        os.setpgid(0, 0)
        signal.alarm(60 + 10 * self._seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (self._seconds, self._seconds))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        changed = Changed(self._module, source)
        sys.meta_path.insert(0, changed)
        code = 3
        try:
            ended = pytest.main([*self._options, *TESTS[self._module]])
            if changed.fails:
                code = 1
            elif changed.imported:
                code = ended
            names = (name for name in sys.modules if _is_common(name))
            self._imported.write_text("\n".join(names))
        finally:
            os._exit(code)


def _is_common(name: str) -> bool:
    return not name.startswith(BY_PYTEST)


def attempt(module: str, chosen: slice) -> bool:
    """Try changes to a module; return whether each is caught or explained."""
    source = (ROOT / module).read_text()
    explained = {
        (entry["function"], entry["change"])
        for entry in tomllib.loads(EXPLAINED.read_text()).get(module, [])
    }
    results: Counter[str] = Counter()
    survivors: set[tuple[str, str]] = set()
    changes = list(mutations(source))
    tried = changes[chosen]
    with TemporaryDirectory(prefix="mutants-") as folder:
        trial = Trial(module, folder)
        if not trial.prepare(source):
            _say(f"{module}: its tests fail without any change")
            return False
        for mutation in tried:
            result = trial.result(mutation.source)
            key = mutation.function, mutation.change
            if result == "survived" and key in explained:
                survivors.add(key)
                result = "explained"
            if result in {"survived", "faults"}:
                place = f"{module}:{mutation.line} {mutation.function}"
                _say(f"{result}: {place}: {mutation.change}")
            results[result] += 1
    counts = ", ".join(f"{n} {name}" for name, n in sorted(results.items()))
    _say(f"{module}: {results.total()} of {len(changes)} changes: {counts}")
    needless = explained - survivors if tried == changes else set()
    for function, change in needless:
        _say(f"explained, but killed or gone: {module} {function}: {change}")
    return not (results["survived"] or results["faults"] or needless)


def attempt_all(modules: Sequence[str], chosen: slice) -> bool:
    """Try changes to modules, each in its own process."""

    def start(module: str) -> bool:
        argv = [sys.executable, "-m", "tests.sabotage.mutants"]
        argv += ["--stride", str(chosen.step), "--offset", str(chosen.start)]
        argv.append(module)
        return subprocess.run(argv, cwd=ROOT, check=False).returncode == 0

    with ThreadPoolExecutor(WORKERS) as pool:
        return all(list(pool.map(start, modules)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Make small changes to the core, and see for which no test fails."
    )
    parser.add_argument("modules", nargs="*", help="files (default: all)")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    arguments = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    chosen = slice(arguments.offset, None, arguments.stride)
    modules = arguments.modules or list(TESTS)
    if len(modules) == 1:
        return 0 if attempt(modules[0], chosen) else 1
    return 0 if attempt_all(modules, chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
