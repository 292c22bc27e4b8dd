"""Reading repositories with any content: no hostile file stops the reading or is opened."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.support.analysed import analysed, names, surveyed
from tests.support.course import write_tree
from worker.engines.static.analysis import analyze
from worker.engines.static.facts import Role, Skip
from worker.engines.static.parsing.source_file import MAX_PARSED_BYTES
from worker.engines.static.reading import survey as surveying
from worker.engines.static.reading.language import Language
from worker.engines.static.reading.survey import mentions, survey
from worker.engines.static.reading.walk import MAX_FILE_BYTES

GOOD = {"good.py": "class Good:\n    def go(self):\n        return 1\n"}
DEEP = 20_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("bad.py", b"def (((:\n  class\n\x00"),
        ("bad.py", b"x = '''unterminated\n" * 1000),
        ("deep.py", b"(" * DEEP + b")" * DEEP),
        ("deep.py", b"x = " + b"[" * DEEP),
        (
            "deep.py",
            b"".join(b" " * depth + b"if x:\n" for depth in range(700)),
        ),
        (
            "deep.py",
            b"".join(b" " * depth + b"class A:\n" for depth in range(700)),
        ),
        ("deep.js", b"a(" * DEEP),
        ("deep.ts", b"type A = " + b"Array<" * DEEP),
        ("deep.js", b"function a() {" * DEEP),
        ("deep.rs", b"mod a {" * DEEP),
        ("deep.java", b"class A {" * DEEP),
        ("deep.c", b"*" * DEEP + b"int " + b"(*" * DEEP),
        ("deep.cpp", b"namespace a {" * DEEP),
        ("deep.cs", b"class A { void F() { if (x) " * DEEP),
        ("deep.kt", b"class A { fun f() { " * DEEP),
        ("deep.kt", b"fun f() = a(" * DEEP),
        ("deep.rb", b"module A\nclass B\n" * DEEP),
        ("deep.rb", b"a(" * DEEP),
        ("deep.php", b"<?php class A { function f() { " * DEEP),
        ("deep.php", b"<?php " + b"[" * DEEP),
        ("deep.go", b"package a\nvar x = " + b"[]" * DEEP + b"int{}"),
        ("line.js", b"var a=1;" * 40_000),
        ("line.py", b"x = 1; " * 40_000),
        ("latin.py", "class Café:\n    # naïve\n    pass\n".encode("latin-1")),
        ("bom.py", b"\xef\xbb\xbfclass Bom: pass\n"),
        ("wide.ts", "class Wide {}\n".encode("utf-16")),
        ("crlf.py", b"class Crlf:\r\n    pass\r\n"),
        ("nul.go", b"package a\n" + b"\0" * 10),
        ("package.json", b"{" * DEEP),
        ("pyproject.toml", b"a = " + b"[" * DEEP),
        ("go.mod", b"module \xff\n"),
        ("README.md", b"#" * DEEP + b"\n" + b"[" * DEEP + b"](" * DEEP),
        ("README.md", b"*_`<" * DEEP),
        ("notes.ipynb", b'{"cells": ' + b"[" * DEEP),
        ("long.py", b"class " + b"A" * 10_000 + b": pass\n"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else f"{len(value)} bytes"
    ),
)
def test_one_bad_file_stops_nothing(
    tmp_path: Path, path: str, body: bytes
) -> None:
    assert "Good" in names(analysed(tmp_path, GOOD | {path: body}))


def test_unreadable_files_are_reported_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, GOOD | {"secret.py": "class Secret: pass\n"})
    real = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "secret.py":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root can read any file
    tree_survey = survey(tmp_path, lambda: None)
    assert list(tree_survey.files) == ["good.py"]
    assert [(skip.reason, skip.example) for skip in tree_survey.skipped] == [
        (Skip.UNREADABLE, "secret.py")
    ]


def test_names_that_are_not_utf8_are_analysed_and_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text(
        "class Good:\n    pass\n"
    )
    analysis = analysed(tmp_path, {})
    assert [definition.path for definition in analysis.definitions] == [
        r"caf\xe9.py"
    ]
    assert (
        analysis.files[r"caf\xe9.py"].location.read_text()
        == "class Good:\n    pass\n"
    )


def test_a_source_that_is_too_large_to_parse_is_only_a_file(
    tmp_path: Path,
) -> None:
    large = "x = 1  # a line that is not very long\n" * (MAX_PARSED_BYTES // 30)
    tree_survey = surveyed(tmp_path, GOOD | {"large.py": large})
    assert list(tree_survey.parsed) == ["good.py"]
    assert tree_survey.files["large.py"].role is Role.DATA
    assert [(skip.reason, skip.count) for skip in tree_survey.skipped] == [
        (Skip.LARGE, 1)
    ]


def test_comments_do_not_make_a_source_too_large_to_parse(
    tmp_path: Path,
) -> None:
    comment = "    // explains what the next line does\n    * and why\n"
    large = comment * (MAX_PARSED_BYTES // 40) + "class Large {}\n"
    assert len(large) > MAX_PARSED_BYTES
    tree_survey = surveyed(tmp_path, {"Large.java": f"/*\n*/{large}"})
    assert list(tree_survey.parsed) == ["Large.java"]
    assert tree_survey.skipped == ()


@pytest.mark.parametrize("size", [MAX_PARSED_BYTES, MAX_FILE_BYTES])
def test_a_large_file_alone_makes_a_unit(tmp_path: Path, size: int) -> None:
    analysis = analysed(
        tmp_path, {"large.py": "x = 1  # a line\n" * (size // 15)}
    )
    assert [unit.file_paths for unit in analysis.units] == [("large.py",)]


def test_a_repository_that_ignores_all_its_files_is_read_nevertheless(
    tmp_path: Path,
) -> None:
    assert names(
        analysed(
            tmp_path, {".gitignore": b"\0", **GOOD, "sub/.gitignore": "*\n"}
        )
    ) == ["Good"]


def test_no_more_text_is_read_than_the_limit_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "MAX_TEXT_BYTES", 100)
    tree_survey = surveyed(tmp_path, GOOD | {"a.txt": "x" * 99})
    assert list(tree_survey.files) == ["good.py"]
    assert [(skip.reason, skip.example) for skip in tree_survey.skipped] == [
        (Skip.LIMIT, "a.txt")
    ]


def test_no_more_sources_are_parsed_than_the_limit_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "MAX_SOURCE_BYTES", 60)
    tree_survey = surveyed(tmp_path, GOOD | {"sub/more.py": GOOD["good.py"]})
    assert list(tree_survey.parsed) == ["good.py"]
    assert tree_survey.skipped[0].reason is Skip.LIMIT


def test_lines_are_counted_with_and_without_a_newline_at_the_end(
    tmp_path: Path,
) -> None:
    tree_survey = surveyed(tmp_path, {"a.txt": "x\ny\n", "b.txt": "x\ny"})
    assert [file.lines for file in tree_survey.files.values()] == [2, 2]


def test_a_compiled_twin_is_generated(tmp_path: Path) -> None:
    tree_survey = surveyed(
        tmp_path, {"a.ts": "class A {}\n", "a.js": "class A {}\n"}
    )
    assert {path: file.role for path, file in tree_survey.files.items()} == {
        "a.ts": Role.SOURCE,
        "a.js": Role.GENERATED,
    }


def test_the_survey_stops_on_request(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop() -> None:
        raise StoppedError

    write_tree(tmp_path, GOOD)
    with pytest.raises(StoppedError):
        survey(tmp_path, stop)


def test_tests_examples_and_documents_mention_what_they_show_as_code(
    tmp_path: Path,
) -> None:
    tree_survey = surveyed(
        tmp_path,
        GOOD | {
            "README.md": "Use `Good` well.\n\n```python\nGood().go()\n```\n",
            "docs/a.rst": "Good things.\n",
            "tests/test_good.py": "Good()\n", "examples/a.py": "x = Good\n", "CHANGES.md": "Good\n",
        },
    )  # fmt: skip
    assert mentions(tree_survey, frozenset({"Good", "go"}), lambda: None) == {
        "Good": ["README.md", "examples/a.py", "tests/test_good.py"], "go": ["README.md"],
    }  # fmt: skip


def test_checks_come_between_files(tmp_path: Path) -> None:
    calls: list[None] = []
    write_tree(tmp_path, {f"{number}.py": "x = 1\n" for number in range(9)})
    survey(tmp_path, lambda: calls.append(None))
    assert len(calls) == 18


def test_files_know_their_language_imports_and_what_they_say(
    tmp_path: Path,
) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/a.py": '"""Says."""\nfrom shop import b\n',
        "shop/b.py": "x = 1\n",
    }
    file = surveyed(tmp_path, files).files["shop/a.py"]
    assert (file.language, file.doc, file.imports[0].targets) == (
        Language.PYTHON,
        "Says.",
        ("shop/b.py",),
    )


WIDE = {
    "a.cpp": ("class A {\n public:\n", "  int m{}();\n", "};\n"),
    "a.py": ("class A:\n", "    def m{}(self): return self.m1()\n", ""),
    "b.py": ("", "v{} = 1\n", ""),
    "a.ts": ("export class A {\n", "  m{}() {{}}\n", "}\n"),
    "a.js": ("", "function f{}() {{}}\n", ""),
    "a.go": ("package a\nconst (\n", "C{} = 1\n", ")\n"),
    "a.rs": ("", "#[a]\npub fn f{}() {{}}\n", ""),
    "a.java": ("class A {\n", "  void m{}() {{}}\n", "}\n"),
    "a.cs": ("class A {\n", "[A]void M{}(){{}}\n", "}\n"),
    "a.kt": ("class A {\n", "@A fun m{}(){{}}\n", "}\n"),
    "a.php": ("<?php\nclass A {\n", "use T{};\n", "function f(){{}}}\n"),
    "b.php": ("<?php\n", "class A{}{{}}\n", ""),
    "a.rb": ("class A\n", "private\ndef m{}\nend\n", "end\n"),
    "b.rb": ("module A\n", "class B{};end\n", "end\n"),
}


@pytest.mark.parametrize("path", WIDE)
def test_time_grows_with_the_size_of_a_file_not_with_its_square(
    tmp_path: Path, path: str
) -> None:
    start, member, end = WIDE[path]

    def took(count: int) -> float:
        folder = write_tree(
            tmp_path / str(count),
            {path: start + "".join(map(member.format, range(count))) + end},
        )
        began = time.process_time()
        analyze(folder, lambda: None)
        return time.process_time() - began

    took(10)
    assert took(12_000) < 9 * (took(3_000) + 0.05)


@pytest.mark.parametrize(
    "pointer",
    [
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
        "version https://hawser.github.com/spec/v1\r\noid sha256:4d7a\nsize 12\n",
        "/annex/objects/SHA256E-s12--4d7a.md\n",
    ],
)
def test_pointers_to_files_that_are_kept_elsewhere_are_left_out(
    tmp_path: Path, pointer: str
) -> None:
    files = GOOD | {"README.md": pointer, "a.ipynb": pointer}
    tree_survey = surveyed(tmp_path, files)
    assert list(tree_survey.files) == ["good.py"]
    assert [(left.reason, left.count) for left in tree_survey.skipped] == [
        (Skip.POINTER, 2)
    ]


def notebook_of(title: str) -> str:
    cells = [
        {"cell_type": "markdown", "source": f"# {title}\n\nIt explains it.\n"},
        {"cell_type": "code", "source": "x = 1\n" * 9},
    ]
    return json.dumps({"cells": cells})


def test_notebooks_are_the_sources_of_a_repository_with_little_else(
    tmp_path: Path,
) -> None:
    files = GOOD | {"notebooks/a.ipynb": notebook_of("Arrays")}
    file = surveyed(tmp_path / "book", files).files["notebooks/a.ipynb"]
    assert (file.role, file.lines) == (Role.SOURCE, 17)
    assert [heading.title for heading in file.headings] == ["Arrays"]
    files |= {"pyproject.toml": '[project]\nname = "good"\n'}
    package = surveyed(tmp_path / "package", files).files
    assert package["notebooks/a.ipynb"].role is Role.EXAMPLE


def test_documents_are_the_sources_of_a_collection_of_them(
    tmp_path: Path,
) -> None:
    prose = "# Part\n\n" + "A line of prose.\n" * 60
    files = GOOD | {"README.md": prose, "one.md": prose, "two.md": prose}
    book = surveyed(tmp_path / "book", files).files
    assert book["one.md"].role is Role.SOURCE
    assert book["README.md"].role is Role.DOCUMENT
    files |= {"setup.py": "setup(name='good')\n"}
    package = surveyed(tmp_path / "package", files).files
    assert package["one.md"].role is Role.DOCUMENT
