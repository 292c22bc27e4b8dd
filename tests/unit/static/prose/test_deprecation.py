"""What is deprecated, as each language says it."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed, defined, names
from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import chapters
from worker.engines.static.prose import deprecation

TOLD = "Deprecated: Use the shop."


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        (
            "a.java",
            ("/**\n * Old.\n * @deprecated Use the\n * {@link Shop shop}.\n"
            " * @since 1\n */\nclass Old {}\n"),
            "Deprecated: Use the shop.",
        ),
        ("a.java", "@Deprecated\nclass Old {}\n", "Deprecated."),
        ("a.kt", '@Deprecated("Use the shop.")\nclass Old\n', TOLD),
        ("a.cs", '[Obsolete("Use the shop.")]\nclass Old {}\n', TOLD),
        ("a.cc", '[[deprecated("Use the shop.")]] int Old() { return 1; }', TOLD),
        (
            "a.rs",
            '#[deprecated(since = "1", note = "Use the shop.")]\npub struct Old;\n',
            TOLD,
        ),
        (
            "a.go",
            ("package a\n\n// Old is old.\n//\n// Deprecated: Use the shop.\n"
            "func Old() {}\n"),
            TOLD,
        ),
        (
            "a.py",
            ('class Old:\n    """Old.\n\n    .. deprecated:: 2.0\n'
            '        Use the shop.\n    """\n'),
            TOLD,
        ),
        ("a.py", "@deprecated\nclass Old:\n    pass\n", "Deprecated."),
        (
            "a.py",
            ('class Old:\n    """Old.\n\n    .. deprecated:: 2.0\n'
            '        The parameter ``n``.\n    """\n'),
            "",
        ),
        (
            "a.py",
            'class Old:\n    """Warns of what is deprecated."""\n',
            "",
        ),
        ("a.ts", "export function Old(deprecated: string) {}\n", ""),
        ("a.ts", "/** @deprecated */\nexport class Old {}\n", "Deprecated."),
        ("a.py", 'class Old:\n    """DEPRECATED: Use the shop."""\n', TOLD),
    ],
)  # fmt: skip
def test_a_deprecation_is_read_with_its_text(
    tmp_path: Path, path: str, code: str, expected: str
) -> None:
    old = defined(analysed(tmp_path, {path: code}), "Old")
    assert deprecation.notice(old) == expected


LARGE = "".join(
    f"    def act_{n}(self, x):\n        self.x = x\n        self.y = x\n"
    "        return x\n\n"
    for n in range(9)
)
OLD = f'@deprecated("Use Shop.")\nclass Old:\n{LARGE}\n'


def test_what_is_deprecated_is_a_subject_only_if_nothing_else_is(
    tmp_path: Path,
) -> None:
    shops = "".join(
        f"class Shop{n}:\n    def sell(self):\n        return {n}\n\n"
        for n in range(8)
    )
    analysis = analysed(tmp_path / "a", {"a.py": OLD + shops})
    assert analysis.units
    assert "Old" not in names(analysis)
    assert "Old" in names(analysed(tmp_path / "b", {"a.py": OLD}))


def test_a_deprecated_method_is_shown_only_if_all_are_and_says_so(
    tmp_path: Path,
) -> None:
    old = LARGE.replace("    def", '    @deprecated("Use Shop.")\n    def')
    new = "    def sell(self, x):\n        self.z = x\n        self.x = x\n        return 1\n"
    page = written(tmp_path / "a", f"class Shop:\n{old}{new}")
    assert "### `Shop.sell`" in page
    assert "act_" not in page
    page = written(tmp_path / "b", f"class Shop:\n{old}")
    assert "### `Shop.act_0`\n\nDeprecated: Use Shop (`a.py:" in page


def written(folder: Path, code: str) -> str:
    facts = read(folder, {"a.py": code})
    return chapters.written(facts, chapter_of(facts, "Shop"))
