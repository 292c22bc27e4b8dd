"""Default folders among a user's files (XDG base directories)."""

import os
import pwd
from pathlib import Path
from typing import Final

from worker.settings.reader import EnvironmentReader

_NAME: Final = "fondation-worker"


def default_store_url(reader: EnvironmentReader) -> str:
    """Return the default store, among the user's data."""
    folder = user_folder(
        reader, "XDG_DATA_HOME", ".local/share", "STORE_URL (or --store)"
    )
    return folder.as_uri()


def user_folder(
    reader: EnvironmentReader, variable: str, below_home: str, instead: str
) -> Path:
    """Return our folder among a user's files of one kind.

    Where the user's home is unknown, a fault is reported; `instead` names a variable that
    makes this folder unnecessary.
    """
    folder = reader.text(variable) or ""
    if not folder.startswith("/"):
        folder = f"{_home(reader)}/{below_home}"
    if not folder.startswith("/"):
        reader.faults.append(
            f"HOME is missing, and user {os.getuid()} has no entry in /etc/passwd: "
            f"set {instead}, or {variable} or HOME to an absolute path"
        )
    return Path("/", folder, _NAME)


def _home(reader: EnvironmentReader) -> str:
    home = reader.text("HOME") or ""
    if home.startswith("/"):
        return home
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "~"
