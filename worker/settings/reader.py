"""Reads environment variables, and collects their faults."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from worker.errors import ConfigError
from worker.settings.checks import (
    certificates_fault,
    folder_fault,
    secret_fault,
)
from worker.settings.stray_characters import ADVICE, stray_fault, without_stray
from worker.system.environment import Environment

Value = TypeVar("Value")

_UNLIMITED: Final = 10**9
_YES: Final = ("1", "true", "yes")
_NO: Final = ("0", "false", "no")


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that no log, error or `repr` shows."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text, to be sent to its server; never store or print it."""
        return self._text


class EnvironmentReader:
    """Reads variables, and collects their faults; an empty variable counts as missing."""

    def __init__(self, environment: Environment, *, here: bool = True) -> None:
        """Read from a copy of an environment.

        `here` says whether the files that it names are on this machine.
        """
        self._environment: dict[str, str] = {}
        for name, value in environment.items():
            if value:
                self._environment[name] = value
        self._here = here
        # Several variables may name one large file.
        self._certificates_fault = cache(certificates_fault)
        self.faults: list[str] = []

    def quiet(self) -> "EnvironmentReader":
        """Return another reader of the same variables, with a separate list of faults."""
        return EnvironmentReader(self._environment, here=self._here)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a variable's text.

        Stray characters are reported, never dropped silently. The text is returned without them,
        for other checks of the rest.
        """
        value = self._environment.get(name)
        if value is None:
            return default
        # guard: invisible characters around a variable's value are refused
        fault = stray_fault(value)
        if fault is not None:
            line = f"{name} {fault}: {ADVICE}"
            self.faults.append(line)
            value = without_stray(value)
            # The next call must not report the same characters again.
            self._environment[name] = value
        return value or default

    def required(self, name: str, purpose: str) -> str:
        """Return a variable's text, or report that it is missing."""
        value = self.text(name)
        if value is None:
            self.faults.append(f"{name} is missing: set it to {purpose}")
        return value or ""

    def secret(self, name: str) -> Secret | None:
        """Return a variable's text as a secret."""
        value = self.text(name)
        if value is None:
            return None
        return Secret(value)

    def credential(self, name: str) -> Secret | None:
        """Return a secret issued by a server: it must consist of printable ASCII."""
        secret = self.secret(name)
        if secret is None:
            return None
        fault = secret_fault(secret.reveal())
        self.malformed(name, fault)
        return secret

    def malformed(self, name: str, fault: str | None) -> None:
        """Report a fault of a variable whose value must not be shown, if there is one."""
        if fault is not None:
            self.faults.append(f"{name} is malformed: {fault}")

    def certificates(self, name: str, *, folder: bool = False) -> None:
        """Check a variable that names a file (or folder) of certificates."""
        value = self.text(name)
        check: Callable[[str], str | None] = self._certificates_fault
        if folder:
            check = folder_fault
        # guard: missing certificates are refused
        if value is not None and self._here:
            self.checked(name, value, check)

    def checked(
        self, name: str, value: Value, check: Callable[[Value], str | None]
    ) -> Value:
        """Return a value, and report its fault if it has one."""
        fault = check(value)
        if fault is None:
            return value
        line = f"{name} is {value!r}: {fault}"
        # The variable may be read twice.
        if line not in self.faults:
            self.faults.append(line)
        return value

    def parsed(
        self, name: str, text: str, parse: Callable[[str], Value]
    ) -> Value | None:
        """Return a variable's text as `parse` reads it.

        A ValueError of `parse` says what is wrong with it.
        """
        try:
            return parse(text)
        except ValueError as error:
            self._invalid(name, text, str(error))
            return None

    def file_fault(self, path: str) -> str | None:
        """Check that a file can be read, if it is on this machine."""
        if self._here and not Path(path).is_file():
            return "it must be a file, but does not exist"
        return None

    def number(
        self,
        name: str,
        default: float,
        *,
        low: float = 0,
        high: float = _UNLIMITED,
        whole: bool = False,
        unit: str = "seconds",
    ) -> float:
        """Return a variable as a number of some unit, within bounds."""
        text = self.text(name)
        if text is None:
            return default
        value = _number(text, whole=whole)
        if value is not None and low <= value <= high:
            return value
        kind = "a number"
        if whole:
            kind = "a whole number"
        bounds = f"at least {low:g}"
        if high < _UNLIMITED:
            bounds = f"from {low:g} to {high:g}"
        fault = f"it must be {kind} of {unit}, {bounds}"
        self._invalid(name, text, fault)
        return default

    def flag(self, name: str) -> bool:
        """Return whether a variable is set to yes."""
        text = self.text(name, "0") or "0"
        value = text.lower()
        if value not in {*_YES, *_NO}:
            self._invalid(name, value, "it must be 1 or 0")
        return value in _YES

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return a variable that must be one of several words."""
        text = self.text(name) or default
        if text not in choices:
            allowed = ", ".join(filter(None, choices))
            self._invalid(name, text, f"it must be one of {allowed}")
        return text

    def _invalid(self, name: str, text: str, fault: str) -> None:
        line = f"{name} is {text!r}: {fault}"
        self.faults.append(line)

    def finish(self) -> None:
        """Raise ConfigError with all faults, if there are any."""
        if self.faults:
            raise ConfigError("\n".join(self.faults))


def _number(text: str, *, whole: bool) -> float | None:
    try:
        if whole:
            return int(text)
        return float(text)
    except ValueError:
        return None
