"""What a file is in the repository for, told by its path and its first lines."""

import re
from collections.abc import Collection
from typing import Final

from worker.engines.static.facts import Role
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.language import (
    PARSED,
    PROSE,
    SETTINGS,
    Language,
)

_FOLDERS: Final = {
    folder: role
    for role, folders in {
        Role.VENDORED: "vendor vendors vendored _vendor _vendored third_party third-party thirdparty 3rdparty extern "
        "externals contrib_vendor deps Pods Carthage",
        Role.GENERATED: "generated __generated__ _generated autogen migrations dist min",
        Role.TEST: "test tests __tests__ __test__ __mocks__ spec specs e2e testdata test_data test-data fixtures "
        "unittests unit_tests integration_tests functional_tests js_tests test-utils test_utils testutil testutils "
        "benchmark benchmarks bench benches fuzz",
        Role.EXAMPLE: "example examples sample samples demo demos tutorial tutorials cookbook playground "
        "notebooks docs_src",
        Role.DOCUMENT: "doc docs documentation website man changelog changelogs",
        Role.CONFIGURATION: ".github .gitlab .circleci .vscode .husky .devcontainer .storybook .changeset ci .ci",
        Role.DATA: "locale locales i18n translations",
    }.items()
    for folder in folders.split()
}
"""Of several such folders in a path, the first in this order of roles decides."""

_DEVELOPERS: Final = word_set(
    "scripts script hack devtools build-tools buildtools"
)
"""Folders for the project's developers, but only at the top of the repository."""

_TEST_NAME: Final = re.compile(
    r"(?:test_.*|.*_tests?|tests?|conftest|.*[._-](?:test|spec|e2e|bench)|.*(?:Test|Tests|TestCase))\.\w+"
)
_GENERATED_NAME: Final = re.compile(
    r".*(?:[._-]min\.(?:js|css|mjs)|[._-]bundle\.\w+|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.g\.dart|\.designer\.cs"
    r"|_generated\.\w+|\.generated\.\w+|_string\.go|zz_generated.*|[._]gen\.\w+)|_version\.py"
)
_SETTINGS_NAME: Final = re.compile(
    r"setup\.py|noxfile\.py|tasks\.py|build\.rs|gulpfile.*|gruntfile.*|makefile.*|.*\.config\.[cm]?[jt]s|\..*rc(?:\.\w+)?"
    r"|.*[-._]lock(?:\.\w+)?|go\.(?:mod|sum|work)|package.*\.json|tsconfig.*\.json|.*\.gradle(?:\.kts)?|\.git.*"
    r"|requirements.*\.txt|manifest\.in|cmakelists\.txt|codeowners|py\.typed|module-info\.java|package-info\.java",
    re.IGNORECASE,
)
_PROSE_NAME: Final = re.compile(
    r"(?:readme|changes|changelog|history|news|licen[cs]e|copying|authors|contributors|contributing|notice|security|todo)"
    r"(?:[._-].*)?",
    re.IGNORECASE,
)
_DATA_EXTENSIONS: Final = word_set(
    "json jsonl ndjson csv tsv svg po pot mo geojson ics log lst dat snap patch diff map pem crt key pub out golden "
    "expected stdout stderr drawio puml dot sum sig asc ttf woff eps ps rtf srt vtt"
)
_GENERATED_MARK: Final = re.compile(
    r"do not (?:edit|modify)|@generated|\bauto(?:matically|-)? ?generated|\b(?:code|file|is|was) generated (?:by|from)",
    re.IGNORECASE,
)
_HEAD: Final = 600
"""In so many characters at its beginning a generated file says that it is one."""

_LONG_LINE: Final = 5000
_LONG_AVERAGE: Final = 250
"""People do not write lines of this length on average, or half a file in one `_LONG_LINE`."""


def role_of(path: str, language: Language, text: str) -> Role:
    """Tell what a file is for."""
    *folders, name = path.split("/")
    by_folder = _by_folder(folders)
    if by_folder in {Role.VENDORED, Role.GENERATED}:
        return by_folder
    if language not in PROSE and (
        _GENERATED_NAME.fullmatch(name) or _is_generated(text)
    ):
        return Role.GENERATED
    if language in PARSED and _TEST_NAME.fullmatch(name):
        return Role.TEST
    if (
        by_folder is Role.DOCUMENT
        and language in PARSED
        and _FOLDERS.get(folders[0]) is not Role.DOCUMENT
    ):
        by_folder = None
    return by_folder or _by_name(name, folders, language)


def _by_folder(folders: list[str]) -> Role | None:
    found = {_FOLDERS[folder] for folder in folders if folder in _FOLDERS}
    found |= {
        _LAST_WORDS[word]
        for folder in folders
        if (word := re.split(r"[-_.]", folder)[-1]) in _LAST_WORDS
    }
    return next((role for role in _PRECEDENCE if role in found), None)


_LAST_WORDS: Final = {
    "examples": Role.EXAMPLE,
    "samples": Role.EXAMPLE,
    "demos": Role.EXAMPLE,
    "tests": Role.TEST,
}
"""`integration-tests` and `typing-examples` are what their last word says."""
_PRECEDENCE: Final = tuple(dict.fromkeys(_FOLDERS.values()))


def _by_name(name: str, folders: list[str], language: Language) -> Role:
    if _PROSE_NAME.fullmatch(name) and language not in PARSED:
        return Role.DOCUMENT
    if _SETTINGS_NAME.fullmatch(name) or language in SETTINGS:
        return Role.CONFIGURATION
    if folders and folders[0] in _DEVELOPERS:
        return Role.CONFIGURATION
    if name.rpartition(".")[2].lower() in _DATA_EXTENSIONS:
        return Role.DATA
    if name.startswith("."):
        return Role.CONFIGURATION
    return Role.DOCUMENT if language in PROSE else Role.SOURCE


def _is_generated(text: str) -> bool:
    """Tell whether a program wrote a text, by its own words or by the length of its lines."""
    if _GENERATED_MARK.search(text, 0, _HEAD):
        return True
    if len(text) < _LONG_LINE:
        return False
    longest = max(map(len, text.split("\n")))
    return len(text) > (text.count("\n") + 1) * _LONG_AVERAGE or longest > max(
        _LONG_LINE, len(text) // 2
    )


def twin(path: str, paths: Collection[str]) -> bool:
    """Tell whether a file was made from another (`a.js`, `a.ts`), or describes it (`a.pyi`, `a.py`)."""
    match = re.fullmatch(
        r"(?P<stem>.*?)\.(?P<ending>d\.[cm]?ts|pyi|[cm]?jsx?)", path
    )
    if match is None:
        return False
    ending = match["ending"]
    origins = ["py"] if ending == "pyi" else ["ts", "tsx", "mts"]
    if ending in {"cjs", "d.ts", "d.mts", "d.cts"}:
        origins += (
            ["js", "mjs"] if ending == "cjs" else ["js", "mjs", "cjs", "jsx"]
        )
    folders = ("", "src/") if not path.startswith("src/") else ("",)
    return any(
        f"{folder}{match['stem']}.{origin}" in paths
        for folder in folders
        for origin in origins
    )


def build(path: str) -> tuple[str, bool]:
    """Return the source of a built file, and whether another build of it is preferred."""
    folder, _, name = path.rpartition("/")
    kept = "/".join(part for part in folder.split("/") if part not in _BUILDS)
    poor = bool(
        re.search(r"[._-](?:prod|min|bundle|production)\b|\.d\.[cm]?ts$", name)
    )
    return f"{kept}/{name.partition('.')[0]}", poor


_BUILDS: Final = word_set(
    "cjs esm es umd types module commonjs lib-esm node browser"
)
