"""The lines of a definition that are shown, and their form on the page."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import checker, excerpts
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.excerpts import Excerpt

LONG = "\n".join(
    [
        '"""Long things."""',
        "",
        "",
        "@decorated",
        "def work(first, second):",
        '    """Work hard.',
        "",
        "    This is said at length.",
        "    And goes on.",
        "    And on.",
        '    """',
        *(f"    first = first + {number}" for number in range(60)),
        "    helped = helper(first)",
        "    if helped:",
        '        raise ValueError("helped")',
        *(f"    second = second + {number}" for number in range(60)),
        "    return second",
        "",
        "",
        "def helper(value):",
        '    """Help."""',
        "    return value",
        "",
    ]
)


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"long.py": LONG})


def excerpt_of(facts: CourseFacts, qualified: str) -> Excerpt:
    definition = facts.definitions[index_of(facts, qualified)]
    excerpt = excerpts.of_definition(facts, definition)
    assert excerpt is not None
    return excerpt


def shown(facts: CourseFacts, excerpt: Excerpt) -> list[str]:
    lines = facts.texts.lines(excerpt.path)
    return [
        line
        for first, last in excerpt.spans
        for line in lines[first - 1 : last]
    ]


def test_a_short_definition_is_shown_whole(facts: CourseFacts) -> None:
    excerpt = excerpt_of(facts, "helper")
    assert shown(facts, excerpt) == [
        "def helper(value):",
        '    """Help."""',
        "    return value",
    ]
    assert excerpt.place == "`long.py:138-140`"


def test_a_long_function_shows_its_beginning_and_its_end(
    facts: CourseFacts,
) -> None:
    excerpt = excerpt_of(facts, "work")
    lines = shown(facts, excerpt)
    assert lines[:3] == [
        "@decorated",
        "def work(first, second):",
        "    first = first + 0",
    ]
    assert lines[-2:] == ["    second = second + 59", "    return second"]
    assert len(lines) <= excerpts.BUDGET + 1
    assert "⋯" in excerpts.rendered(facts, excerpt)


def test_a_shortened_block_keeps_its_head(tmp_path: Path) -> None:
    steps = "".join(f"        value = step_{n}(value)\n" for n in range(60))
    code = f"def work(value):\n    if value:\n{steps}        return value\n"
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert lines[1:3] == ["    if value:", "        value = step_0(value)"]
    assert lines[-1] == "        return value"


def test_a_long_value_is_shown_to_its_end(tmp_path: Path) -> None:
    rows = "".join(f"    {n}: {n},\n" for n in range(90))
    code = f"def table():\n    return {{\n{rows}    }}\n"
    facts = read(tmp_path, {"table.py": code})
    lines = shown(facts, excerpt_of(facts, "table"))
    assert lines[:2] == ["def table():", "    return {"]
    assert lines[-1] == "    }"


def test_logging_and_guards_are_left_out_before_anything_else(
    tmp_path: Path,
) -> None:
    work = "".join(f"    value = step_{n}(value)\n" for n in range(36))
    logs = "".join(f'    logger.debug("at %s", {n})\n' for n in range(5))
    guards = "".join(
        f"    if value == {n}:\n        raise ValueError({n})\n"
        for n in range(4)
    )
    code = f"def work(value):\n{guards}{work}{logs}    return finish(value)\n"
    facts = read(tmp_path, {"work.py": code})
    excerpt = excerpt_of(facts, "work")
    lines = shown(facts, excerpt)
    assert '    logger.debug("at %s", 0)' not in lines
    assert all(f"    value = step_{n}(value)" in lines for n in range(36))
    assert lines[-1] == "    return finish(value)"
    assert excerpt.is_telling


def test_the_call_that_makes_the_result_is_shown_and_error_branches_are_not(
    tmp_path: Path,
) -> None:
    before = "".join(f"    first_{n} = prepare({n})\n" for n in range(30))
    errors = "".join(
        f"    except Error{n} as error:\n        raise Failure({n}) from error\n"
        for n in range(12)
    )
    after = "".join(f"    last_{n} = tidy({n})\n" for n in range(30))
    code = (
        f"def send(value):\n{before}    try:\n        answer = ask(value)\n"
        f"{errors}{after}    return answer\n"
    )
    facts = read(tmp_path, {"send.py": code})
    lines = shown(facts, excerpt_of(facts, "send"))
    assert "        answer = ask(value)" in lines
    assert not [line for line in lines if "except" in line]


def test_the_middle_of_a_long_list_of_parameters_is_left_out(
    tmp_path: Path,
) -> None:
    parameters = "".join(f"    parameter_{n}=None,\n" for n in range(20))
    code = f"def work(\n{parameters}):\n" + "    use()\n" * 36
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert "    parameter_0=None," in lines
    assert "    parameter_12=None," not in lines
    assert lines.count("    use()") == 36


def test_parameters_that_shown_lines_use_are_in_the_signature(
    tmp_path: Path,
) -> None:
    plain = "".join(f"    parameter_{n}=None,\n" for n in range(20))
    wrapped = "    act: Callable[\n        [int], str\n    ] = str,\n"
    use = '    use(parameter_12, act)\n    say(f"{parameter_14}")\n'
    code = f"def work(\n{plain}{wrapped}    last=None,\n):\n{use}"
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert "    parameter_12=None," in lines
    assert "    parameter_14=None," in lines
    assert "    parameter_16=None," not in lines
    assert "    act: Callable[" in lines


@pytest.mark.parametrize(
    ("path", "opening", "made", "use"),
    [
        (
            "work.php",
            "<?php\nfunction work($x) {",
            "$level = 1;",
            "step($level);",
        ),
        (
            "work.rs",
            "pub fn work(x: i8) {",
            "let mut level = 1;",
            "step(level);",
        ),
        (
            "work.js",
            "function work(x) {",
            "const { level } = x;",
            "step(level);",
        ),
    ],
)
def test_what_sets_a_name_is_found_in_every_language(
    tmp_path: Path, path: str, opening: str, made: str, use: str
) -> None:
    steps = "".join(f"    step({n});\n" for n in range(60))
    code = f"{opening}\n{steps}    {made}\n{steps}    {use}\n}}\n"
    facts = read(tmp_path, {path: code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert f"    {use}" in lines
    assert f"    {made}" in lines


def test_a_mark_replaces_lines_that_are_left_out(
    facts: CourseFacts,
) -> None:
    excerpt = Excerpt(path="long.py", spans=((4, 5), (7, 8), (138, 138)))
    assert excerpts.rendered(facts, excerpt).split("\n") == [
        "`long.py:4-5,7-8,138`",
        "",
        "```python",
        "@decorated",
        "def work(first, second):",
        "⋯",
        "",
        "    This is said at length.",
        "⋯",
        "def helper(value):",
        "```",
    ]


@pytest.mark.parametrize(
    ("words", "lead"),
    [
        ("It works.", "It works (`long.py:4`):"),
        ("Its base is `a` (`b.py:1`).", "Its base is `a` (`b.py:1`), in `long.py:4`:"),
    ],
)  # fmt: skip
def test_the_sentence_before_an_excerpt_ends_with_its_place(
    facts: CourseFacts, words: str, lead: str
) -> None:
    excerpt = Excerpt(path="long.py", spans=((4, 4),))
    assert excerpts.rendered(facts, excerpt, words).startswith(f"{lead}\n\n```")


@pytest.mark.parametrize("length", [25, 26])
def test_a_long_excerpt_is_folded_and_is_still_checked(
    tmp_path: Path, length: int
) -> None:
    code = "".join(f"x{n} = {n}\n" for n in range(30))
    facts = read(tmp_path, {"long.py": code})
    excerpt = Excerpt(path="long.py", spans=((1, length),))
    page = excerpts.rendered(facts, excerpt, "It counts.", folds=True)
    is_long = length > 25
    assert ("<summary>The code, 26 lines</summary>" in page) == is_long
    assert excerpts.rendered(facts, excerpt).count("<") == 0
    findings = checker.checked(facts, page, [])
    assert findings
    assert not any(finding.fault for finding in findings)


def test_lines_of_a_file_are_shown_without_empty_ones_at_their_ends(
    facts: CourseFacts,
) -> None:
    assert excerpts.of_lines(facts, "long.py", 2, 5) == Excerpt(
        path="long.py", spans=((4, 5),)
    )
    assert excerpts.of_lines(facts, "long.py", 139, 500) == Excerpt(
        path="long.py", spans=((139, 140),)
    )
    assert excerpts.of_lines(facts, "long.py", 2, 3) is None
    assert excerpts.of_lines(facts, "nowhere.py", 1, 3) is None


def test_a_file_that_was_shortened_meanwhile_has_no_excerpt(
    facts: CourseFacts, tmp_path: Path
) -> None:
    (tmp_path / "long.py").write_text("x = 1\n")
    helper = facts.definitions[index_of(facts, "helper")]
    assert excerpts.of_definition(facts, helper) is None


def test_a_type_is_shown_by_its_fields(tmp_path: Path) -> None:
    methods = "".join(
        f"\n    def act{n}(self):\n        return {n}\n" for n in range(20)
    )
    facts = read(
        tmp_path,
        {
            "thing.py": (
                f'class Thing:\n    """Is one."""\n\n    size: int = 1\n    name = "x"\n'
                f"{methods}"
            )
        },
    )
    excerpt = excerpt_of(facts, "Thing")
    assert excerpt.spans == ((1, 5),)


def test_a_docstring_is_left_out_of_the_code(tmp_path: Path) -> None:
    code = 'def work(x):\n    """Work.\n\n    At length.\n    And more.\n    """\n    return x\n'
    facts = read(tmp_path, {"work.py": code})
    assert excerpt_of(facts, "work").spans == ((1, 1), (7, 7))


STEPS = "".join(f"    step({n})\n" for n in range(60))
LONG_CALL = "        step(\n" + "            1,\n" * 60 + "        )\n"
LONG_TOP_CALL = "    step(\n" + "        1,\n" * 60 + "    )\n"
BRANCH = "".join(f"        step({n})\n" for n in range(60))


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        (
            f"    if not x:\n        step(x)\n        return\n{LONG_TOP_CALL}    return x\n",
            ("    if not x:", "        return"),
        ),
        (
            f"    while x:\n        step(x)\n{BRANCH}        break\n{STEPS}",
            ("    while x:", "        break"),
        ),
        (
            f"{STEPS}    if x:\n{LONG_CALL}    else:\n        x = 2\n    return x\n",
            ("    else:", "    if x:"),
        ),
        (
            f"{STEPS}    try:\n{LONG_CALL}    finally:\n        x = 2\n    return x\n",
            ("    finally:", "    try:"),
        ),
        (
            f"    while x:\n        step(x)\n{BRANCH}        if x > 2:\n            break\n{STEPS}",
            ("    while x:", "            break"),
        ),
        (
            f"{STEPS}    try:\n        yield x\n    finally:\n        end(x)\n{STEPS}",
            ("def work(x):", "        yield x"),
        ),
        (
            (
                f"{STEPS}    if x:\n        # once\n        save(\n            x\n"
                f"        )\n        x.work_on()\n{STEPS}"
            ),
            ("    if x:", "        save("),
        ),
    ],
    ids=[
        "return",
        "break",
        "else",
        "finally",
        "break of an if",
        "yield",
        "first",
    ],
)
def test_a_shown_branch_keeps_its_exit_and_its_owner(
    tmp_path: Path, body: str, needed: tuple[str, str]
) -> None:
    facts = read(tmp_path, {"work.py": f"def work(x):\n{body}"})
    lines = shown(facts, excerpt_of(facts, "work"))
    trigger, wanted = needed
    assert trigger in lines
    assert wanted in lines


@pytest.mark.parametrize(
    ("made", "needed"),
    [
        ("    level = 1\n", ["    level = 1"]),
        (
            "    level = 1\n    if x:\n        level = 2\n",
            ["    level = 1", "    if x:", "        level = 2"],
        ),
        ("    self.x = level = y = 1\n", ["    self.x = level = y = 1"]),
        ("    level = self.x = 1\n", ["    level = self.x = 1"]),
        (
            "    level, _ = make(\n        x,\n    )\n",
            ["    level, _ = make(", "        x,", "    )"],
        ),
    ],
)
def test_what_sets_a_name_is_shown_above_its_use(
    tmp_path: Path, made: str, needed: list[str]
) -> None:
    use = "    if level:\n        x = 2\n    step(level)\n"
    code = f"def work(x):\n{STEPS}{made}{STEPS}{use}    return x\n"
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert "    step(level)" in lines
    assert [line for line in lines if line in needed] == needed
    assert len(lines) <= excerpts.BUDGET + len(needed)


def test_a_long_statement_is_hidden_whatever_it_sets(tmp_path: Path) -> None:
    call = LONG_CALL.replace("step(", "level = step(")
    use = "    step(level)\n    return x\n"
    code = f"def work(x):\n{STEPS}    if x:\n{call}{STEPS}{use}"
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert "    step(level)" in lines
    assert "        level = step(" not in lines


def test_a_loop_that_calls_stored_functions_is_shown(tmp_path: Path) -> None:
    loop = "    for hook in self.hooks:\n        hook(self)\n"
    code = f"def work(self):\n{STEPS}{loop}{STEPS}    return self\n"
    facts = read(tmp_path, {"work.py": code})
    lines = shown(facts, excerpt_of(facts, "work"))
    assert "    for hook in self.hooks:" in lines
    assert "        hook(self)" in lines


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        (
            "Shop.php",
            """<?php
interface Shop
{
    /**
     * Sell.
     */
    public function sell(int $count): bool;

    /**
     * Close
     * the shop.
     */
    public function close(): void;
}
""",
            [
                "interface Shop",
                "{",
                "    public function sell(int $count): bool;",
                "    public function close(): void;",
                "}",
            ],
        ),
        (
            "shop.rs",
            """pub trait Shop: Sized {
    /// Sell, at any
    /// price.
    #[inline]
    fn sell(&self) -> Bill;

    /// Close,
    /// and count.
    #[inline]
    fn close(&self) {
        let bills = self.bills();
        for bill in bills {
            self.count(bill);
        }
    }
}
""",
            [
                "pub trait Shop: Sized {",
                "    /// Sell, at any",
                "    /// price.",
                "    #[inline]",
                "    fn sell(&self) -> Bill;",
                "}",
            ],
        ),
    ],
)
def test_an_interface_shows_its_short_members(
    tmp_path: Path, path: str, code: str, expected: list[str]
) -> None:
    facts = read(tmp_path, {path: code})
    excerpt = excerpt_of(facts, "Shop")
    assert shown(facts, excerpt) == expected
    assert excerpt.is_telling


def test_an_interface_of_long_members_alone_is_not_telling(
    tmp_path: Path,
) -> None:
    body = "\n".join(f"        self.step({number});" for number in range(9))
    code = f"pub trait Shop {{\n    fn sell(&self) {{\n{body}\n    }}\n}}\n"
    facts = read(tmp_path, {"shop.rs": code})
    excerpt = excerpt_of(facts, "Shop")
    assert shown(facts, excerpt) == ["pub trait Shop {", "}"]
    assert not excerpt.is_telling


def test_the_attribute_of_a_field_is_shown_with_it(tmp_path: Path) -> None:
    code = """pub struct Shop {
    #[cfg(feature = "a")]
    #[serde(skip)]
    pub name: String,
    pub count: u32,
}
"""
    facts = read(tmp_path, {"shop.rs": code})
    excerpt = excerpt_of(facts, "Shop")
    assert shown(facts, excerpt) == code.splitlines()
