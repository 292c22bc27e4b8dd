"""Sentences on code that point at lines."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from tests.support.samples import GO, JAVA, PYTHON, RUST
from worker.engines.static.pages import excerpts, remarks
from worker.engines.static.pages.course import CourseFacts

BUSY = '''"""Busy."""


class Inbox:
    """A desk."""

    def __init__(self, size, colour="red"):
        self.size = size
        self.colour = colour
        self.papers = []

    def tidy(self, *, hard=False, twice=False, slow=False, wet=False, loud=None):
        """Tidy up.

        Everything is thrown away. Nothing is kept.

        Be careful: it cannot be undone.
        """
        if hard and twice:
            raise ValueError("never")
        try:
            sweep(self)
        except OSError:
            raise
        if slow:
            return None
        return self.papers


def sweep(desk):
    """Sweep a desk. Twice."""
    return Broom(desk)


class Broom:
    def __init__(self, desk):
        self.desk = desk
'''


EMPTY = "!things.containsKey(name)"
DARK = 'os.environ.get("SHOP_DARK")'


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"busy.py": BUSY})


def said(facts: CourseFacts, name: str) -> list[str]:
    excerpt = excerpts.of_definition(facts, index_of(facts, name))
    assert excerpt is not None
    return remarks.pointed(facts, excerpt)


def test_a_constructor_is_told_by_what_it_sets(facts: CourseFacts) -> None:
    assert said(facts, "Inbox.__init__") == [
        "Line 8 sets `size`; two more attributes are set: `colour` and `papers`.",
    ]


def test_calls_failures_handlers_and_results_are_told_in_the_order_of_their_lines(
    facts: CourseFacts,
) -> None:
    assert said(facts, "Inbox.tidy") == [
        'Line 20 raises `ValueError`, saying `"never"`, if `hard and twice`.',
        "Line 22 calls `sweep`: “Sweep a desk.”",
        "Line 23 catches `OSError`.",
        "Line 24 raises the caught error again, in the handler of `OSError`.",
        "Line 27 is the last of two returns: it returns `self.papers`.",
    ]


def test_what_is_created_is_told_from_what_is_called(
    facts: CourseFacts,
) -> None:
    assert said(facts, "sweep") == [
        "Line 32 returns `Broom(desk)`.",
        "Line 32 creates `Broom`, defined in `busy.py:35`.",
    ]


def test_a_type_has_no_remarks(facts: CourseFacts) -> None:
    assert said(facts, "Broom") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Inbox.__init__", 'It takes `size` and `colour` (default `"red"`).'),
        ("Inbox.tidy", "Of its five parameters, all of them are optional."),
        ("sweep", "It takes `desk`."),
    ],
)
def test_parameters_are_a_sentence(
    facts: CourseFacts, name: str, expected: str
) -> None:
    anatomy = facts.anatomy(index_of(facts, name))
    assert anatomy is not None
    assert remarks.parameters(anatomy) == expected


def test_of_documentation_more_is_said_than_an_excerpt_shows(
    facts: CourseFacts,
) -> None:
    index = index_of(facts, "Inbox.tidy")
    more = remarks.more_said(facts.definitions[index], facts.anatomy(index))
    assert more == "Everything is thrown away. Nothing is kept."


def test_who_names_a_definition_is_said_with_a_place(
    facts: CourseFacts,
) -> None:
    assert (
        remarks.called_from(facts, index_of(facts, "sweep"))
        == "`Inbox.tidy` (`busy.py:22`)"
    )
    assert remarks.called_from(facts, index_of(facts, "Inbox.tidy")) == ""


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        (
            GO,
            "Stock.Take",
            "Line 30 is the last of two returns: it returns `name, nil`.",
        ),
        (
            RUST,
            "Store.sell",
            "Line 14 calls `price_of`: “Returns the price of a thing.”",
        ),
        (
            JAVA,
            "Stock.take",
            f'Line 14 throws `EmptyException`, saying `"nothing is left"`, if `{EMPTY}`.',
        ),
        (
            PYTHON,
            "Cellar.take",
            f'Line 41 raises `EmptyError`, saying `"it is dark"`, if `{DARK}`.',
        ),
    ],
    ids=["go", "rust", "java", "python"],
)
def test_remarks_are_made_in_other_languages_too(
    tmp_path: Path, files: dict[str, str], name: str, expected: str
) -> None:
    found = said(read(tmp_path, files), name)
    assert expected in found


def test_no_more_remarks_are_made_than_a_reader_takes_in(
    tmp_path: Path,
) -> None:
    helpers = "".join(
        f'def step{n}(x):\n    """Do step {n}."""\n\n\n' for n in range(9)
    )
    body = "".join(f"    step{n}(x)\n" for n in range(9))
    facts = read(
        tmp_path, {"many.py": f"{helpers}def many(x):\n{body}    return x\n"}
    )
    assert len(said(facts, "many")) == 5
