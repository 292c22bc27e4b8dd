"""The git program, run with our configuration only: nothing in a repository is executed."""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from worker.errors import ConfigError, DiskError, TemporaryError
from worker.system.disk import (
    NO_DESCRIPTORS,
    NO_ROOM,
    full_disk,
    on_disk,
    unusable_work_dir,
)
from worker.system.environment import Environment
from worker.system.logs import printable
from worker.system.process import (
    Command,
    Finished,
    MissingProgramError,
    ProcessStoppedError,
    ProcessTimeoutError,
    run,
)
from worker.system.runtime import Flag, Runtime

QUICK_SECONDS: Final = 120
"""How long a git command that transfers nothing may take."""

_PASSED_ON: Final = (
    "PATH",
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
"""The variables that git inherits: paths, proxies and certificates."""

_VARIABLES: Final = {
    # worker/source/host_answer.py reads messages in English.
    "LC_ALL": "C",
    "LANG": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # For newer versions of git; older ones find no protocol that they may use.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}

_HARMLESS: Final = (
    # Well-known projects still have commits and trees with these faults, written by old tools.
    *(
        "zeroPaddedFilemode",
        "badTimezone",
        "zeroPaddedDate",
        "badDate",
        "badDateOverflow",
        "missingSpaceBeforeDate",
    ),
    *(
        "missingEmail",
        "badEmail",
        "missingNameBeforeEmail",
        "missingSpaceBeforeEmail",
        "badName",
        "nulInCommit",
    ),
    *("missingTaggerEntry", "badTagName", "badFilemode", "multipleAuthors"),
    # These faults only harm programs that use these files; we do not.
    *(
        "gitmodulesMissing",
        "gitmodulesBlob",
        "gitmodulesLarge",
        "gitmodulesParse",
        "gitmodulesName",
    ),
    *(
        "gitmodulesSymlink",
        "gitmodulesUrl",
        "gitmodulesPath",
        "gitmodulesUpdate",
    ),
    *(
        "gitattributesMissing",
        "gitattributesLarge",
        "gitattributesLineLength",
        "gitattributesBlob",
    ),
)

_CONFIG: Final = {
    # A mounted folder may report other modes; that is not a change.
    "core.fileMode": "false",
    "core.hooksPath": os.devnull,
    "core.symlinks": "false",
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.protectHFS": "true",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    # A token must not follow: worker/source/git_host.py handles redirects.
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    # HTTP/2 gains nothing here, and its connections break more often.
    "http.version": "HTTP/1.1",
    "maintenance.auto": "false",
    "protocol.version": "2",
    # The check is about configuration and hooks, which are not used.
    "safe.directory": "*",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
} | {f"fetch.fsck.{fault}": "ignore" for fault in _HARMLESS}

_DISK_ERRORS: Final = (*NO_ROOM, *NO_DESCRIPTORS, errno.EIO, errno.EROFS)
_DISK_MESSAGES: Final = [
    re.escape(os.strerror(number).encode()) for number in _DISK_ERRORS
]
_DISK: Final = re.compile(
    rb"(?:error|fatal): (?:unable to write .*|.*Out of diskspace.*|.*: (?:%b))"
    % b"|".join(_DISK_MESSAGES)
)
"""Lines in which git reports a fault of the local disk; a host's lines begin with `remote: `."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitOptions:
    """Options of one git command.

    `watch` is called while it runs, and may raise to end it.
    """

    config: Mapping[str, str] = field(default_factory=dict)
    variables: Environment = field(default_factory=dict)
    timeout_seconds: float = QUICK_SECONDS
    watch: Callable[[], None] = lambda: None
    max_output: int = 1 << 20
    data: bytes | None = None
    """The command's standard input."""


class Git:
    """Runs git, with its home and its repository in a scratch folder."""

    def __init__(
        self,
        scratch: Path,
        runtime: Runtime,
        stop: Flag,
        environment: Environment,
    ) -> None:
        """`stop` ends running commands."""
        self._scratch = scratch
        self.runtime = runtime
        self.stop = stop
        self._variables = {
            name: environment[name]
            for name in _PASSED_ON
            if environment.get(name)
        } | _VARIABLES
        # Git itself does not read SSL_CERT_FILE.
        if "SSL_CERT_FILE" in self._variables:
            self._variables.setdefault(
                "GIT_SSL_CAINFO", self._variables["SSL_CERT_FILE"]
            )

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Create a scratch folder, and remove it at the end."""
        folder = self._scratch / f"git-{self.runtime.token()}"
        with on_disk(self._scratch, partial(unusable_work_dir, self._scratch)):
            folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run(
        self,
        folder: Path,
        arguments: tuple[str, ...],
        options: GitOptions | None = None,
    ) -> Finished:
        """Run a command on the repository in a scratch folder; return it, whatever its exit code.

        Raises DiskError if the local disk is the cause of a failure.
        """
        options = options or GitOptions()
        command = Command(
            argv=("git", *arguments),
            env=self._environment(folder, options),
            cwd=folder,
            input=options.data,
        )
        with on_disk(folder):
            finished = self._finished(command, options)
        # guard: a full disk is not the git host's fault
        if finished.code != 0:
            _raise_disk_fault(finished, folder)
        return finished

    def _environment(self, folder: Path, options: GitOptions) -> dict[str, str]:
        config = {**_CONFIG, **options.config}
        variables = {
            **self._variables,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "GIT_DIR": str(folder / "git"),
            "GIT_CONFIG_COUNT": str(len(config)),
        }
        for number, (key, value) in enumerate(config.items()):
            variables[f"GIT_CONFIG_KEY_{number}"] = key
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
        variables.update(options.variables)
        return variables

    def _finished(self, command: Command, options: GitOptions) -> Finished:
        try:
            return run(
                command,
                self.runtime,
                timeout_seconds=options.timeout_seconds,
                stop=self.stop,
                watch=options.watch,
                max_output=options.max_output,
            )
        except MissingProgramError as error:
            raise ConfigError(
                "git is not installed on this machine: install it, for "
                "example with `apt install git`, or correct PATH",
                code="git_missing",
            ) from error
        except ProcessTimeoutError as error:
            raise TemporaryError(
                f"git {command.argv[1]} took longer than {options.timeout_seconds:g} seconds",
                code="git_unavailable",
            ) from error
        except ProcessStoppedError as error:
            raise TemporaryError(
                "git was stopped, because the run is being stopped",
                code="stopped",
            ) from error


def _raise_disk_fault(finished: Finished, folder: Path) -> None:
    """Raise DiskError if a command failed because of its folder's disk."""
    for line in finished.stderr.splitlines():
        if _DISK.fullmatch(line):
            message = printable(line.decode("utf-8", "replace"))
            raise DiskError(
                f"{folder}: git says `{message}`: make room there, then run this again"
            )
    if finished.code <= 1:
        return
    fault = full_disk(folder)
    if fault is not None:
        raise fault
