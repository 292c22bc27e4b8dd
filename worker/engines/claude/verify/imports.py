"""Checks Python imports: the module exists, and has the imported names."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.vocabulary import Vocabulary

IMPORT: Final = re.compile(
    r"\s*(?:from\s+(?P<module>[.\w]+)\s+import\s+(?P<names>[\w, ()*]+)"
    r"|import\s+(?P<modules>[\w., ]+?))\s*(?:#.*)?"
)
_NAME: Final = re.compile(r"(?<!as )\b[^\W\d]\w*")


class ImportChecker:
    """Checks imports, one at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Take the names of a repository."""
        self._names: Final = vocabulary

    def faults(self, code: str) -> Iterator[Fault]:
        """Yield the faults of an import."""
        match = IMPORT.fullmatch(code)
        if match is None:
            return
        if match["modules"]:
            yield from self._module_faults(match["modules"])
        else:
            yield from self._name_faults(match["module"], match["names"])

    def _module_faults(self, modules: str) -> Iterator[Fault]:
        for module in modules.split(","):
            name = module.strip().partition(" ")[0]
            if name and not self._exists(name):
                yield _no_module(name)

    def _name_faults(self, module: str, names: str) -> Iterator[Fault]:
        if not self._exists(module):
            yield _no_module(module)
            return
        files = self._names.module_files(module)
        if not files:
            return
        for name in _NAME.findall(names):
            # guard: verifier: an imported name must be in its module
            if name != "as" and not self._names.hold(files, name):
                yield Fault(
                    claim=CheckedClaim.IMPORT,
                    text=f"`{module}` has no `{name}` to import",
                )

    def _exists(self, module: str) -> bool:
        is_package_itself = not module.strip(".")
        if is_package_itself or self._names.module_files(module):
            return True
        package = module.lstrip(".").partition(".")[0]
        if self._names.module_files(package):
            return False
        return package in self._names.outside_modules


def _no_module(module: str) -> Fault:
    return Fault(
        claim=CheckedClaim.IMPORT,
        text=f"`{module}` is neither a module of the project nor one that it imports",
    )
