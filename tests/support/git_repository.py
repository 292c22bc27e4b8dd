"""Git repositories for tests, hostile ones included, made with the real git."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FORMATS: Final = ("sha1", "sha256")

_ENVIRONMENT: Final = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "EMAIL": "a@example.org",
    "GIT_AUTHOR_NAME": "A",
    "GIT_COMMITTER_NAME": "A",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a tree: a regular file by default; `mode` is git's."""

    content: bytes
    mode: str = "100644"


def executable(content: bytes) -> Entry:
    return Entry(content, "100755")


def link(target: str) -> Entry:
    return Entry(os.fsencode(target), "120000")


def submodule(commit: str) -> Entry:
    return Entry(commit.encode(), "160000")


Files = Mapping[str, bytes | Entry]
"""Contents by path; bytes that are not UTF-8 are surrogates, as by `os.fsdecode`."""

HOSTILE: Final[Files] = {
    "README.md": b"# Hostile\n",
    "out": link("../../../../etc/passwd"),
    "folder": link("/etc"),
    "dangling": link("nowhere"),
    ".gitattributes": b"* filter=evil text eol=crlf ident working-tree-encoding=UTF-16\n"
    b"*.bin filter=lfs\n",
    ".gitmodules": b'[submodule "x"]\n\tpath = modules/x\n\turl = --upload-pack=touch pwned\n',
    "modules/x": submodule("1" * 40),
    "model.bin": b"version https://git-lfs.github.com/spec/v1\noid sha256:"
    + b"0" * 64
    + b"\nsize 1\n",
    "ident.txt": b"$Id$ $Format:%H$\nline\r\nline\n",
    ".githooks/post-checkout": executable(b"#!/bin/sh\ntouch pwned\n"),
    "--upload-pack=touch pwned": b"an option\n",
    os.fsdecode(b"latin-\xe9\xff.txt"): b"not UTF-8\n",
    "new\nline and \ttab": b"strange\n",
    "Case.txt": b"upper\n",
    "case.txt": b"lower\n",
    "päth/文件 \U0001f980.txt": b"unicode\n",
    "run.sh": executable(b"#!/bin/sh\n"),
    "a" * 200 + "/" + "b" * 200 + "/" + "c" * 200: b"long\n",
}
"""Everything in a repository that can harm a checkout with git's usual settings."""

HOSTILE_FILES: Final = {
    name: entry if isinstance(entry, bytes) else entry.content
    for name, entry in HOSTILE.items()
    if isinstance(entry, bytes) or entry.mode.startswith("100")
}
"""The part of HOSTILE that a checkout should have: its regular files, unchanged."""


class Repository:
    """A bare repository, or one with a work tree."""

    def __init__(
        self, path: Path, *, object_format: str = "sha1", bare: bool = True
    ) -> None:
        self.path: Final = path
        self.git_dir: Final = path if bare else path / ".git"
        path.mkdir(parents=True)
        kind = ["--bare"] if bare else []
        self.git(
            "init",
            "-q",
            *kind,
            f"--object-format={object_format}",
            "-b",
            "main",
            str(path),
        )

    def git(self, *arguments: str, data: bytes = b"") -> str:
        """Run git in the repository, without any configuration; return its output."""
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=_ENVIRONMENT,
            input=data,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode(errors="replace")
        return ended.stdout.decode(errors="surrogateescape").strip()

    def commit(self, files: Files, branch: str = "main") -> str:
        """Commit exactly these files on a branch; return the commit."""
        ref = f"refs/heads/{branch}"
        parent = (
            [f"from {ref}^0".encode()]
            if ref in self.git("for-each-ref", "--format=%(refname)").split()
            else []
        )
        header = [
            f"commit {ref}".encode(),
            b"committer A <a@example.org> 1700000000 +0000",
            *_data(b"a commit"),
            *parent,
        ]
        changes = [
            line
            for name, entry in files.items()
            for line in _change(name, entry)
        ]
        stream = b"\n".join([*header, b"deleteall", *changes, b""])
        self.git("fast-import", "--quiet", "--force", data=stream)
        return self.head(ref)

    def head(self, name: str = "HEAD") -> str:
        return self.git("rev-parse", f"{name}^{{commit}}")

    def branch(self, name: str, commit: str) -> None:
        """Point a branch to a commit."""
        self.git("update-ref", f"refs/heads/{name}", commit)

    def tag(
        self, name: str, target: str = "HEAD", *, annotated: bool = False
    ) -> None:
        self.git(
            "tag",
            "-f",
            *(["-a", "-m", "a tag"] if annotated else []),
            name,
            target,
        )


def make_repository(
    path: Path,
    files: Files | None = None,
    *,
    object_format: str = "sha1",
    bare: bool = True,
) -> Repository:
    """Make a repository with one commit on `main`.

    Its work tree, if it has one, holds that commit's files.
    """
    repository = Repository(path, object_format=object_format, bare=bare)
    repository.commit(
        {"README.md": b"# A project\n"} if files is None else files
    )
    if not bare:
        repository.git("reset", "-q", "--hard")
    return repository


def _change(name: str, entry: bytes | Entry) -> list[bytes]:
    changed = Entry(entry) if isinstance(entry, bytes) else entry
    path = (
        b'"'
        + b"".join(f"\\{byte:03o}".encode() for byte in os.fsencode(name))
        + b'"'
    )
    if changed.mode == "160000":
        return [b"M 160000 %b %b" % (changed.content, path)]
    return [
        b"M %b inline %b" % (changed.mode.encode(), path),
        *_data(changed.content),
    ]


def _data(content: bytes) -> list[bytes]:
    return [b"data %d" % len(content), content]
