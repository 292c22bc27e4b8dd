"""The chapters, and what a review adds to them."""

import re
from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.facts import Verb
from worker.engines.static.pages import chapters, reviews
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def test_a_chapter_shows_code_and_does_not_repeat_its_failures(
    facts: CourseFacts,
) -> None:
    page = chapters.written(facts, chapter_of(facts, "Stock"))
    headings = [line for line in page.split("\n") if line.startswith("## ")]
    assert "## The code" in headings
    assert "raise ValueError" in page
    assert "## What can go wrong" not in headings
    assert ": Stock\n\nCounts things.\n" in page
    assert "`Stock` is extended by `Cellar`." in page


def test_no_chapter_repeats_the_page_of_contents(facts: CourseFacts) -> None:
    page = chapters.written(facts, facts.chapters[0])
    assert facts.summary not in page


def test_a_sentence_that_only_repeats_the_name_is_left_out(
    tmp_path: Path,
) -> None:
    code = (
        'class Pot:\n    """Holds tea."""\n\n    def fill_up(self, water):\n'
        '        """Fill the pot up."""\n        self.water = water\n'
        "        self.full = True\n        return self\n"
    )
    page = chapters.written(
        facts := read(tmp_path, {"a.py": code}), facts.chapters[0]
    )
    assert "### `Pot.fill_up`\n\n`a.py:" in page


def test_calls_inside_a_chapter_are_drawn_and_its_connections_are_sentences(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": APP})
    page = chapters.written(facts, facts.chapters[0])
    assert '  n0["App.run()"]-->n1["App.open()"]' in page
    assert page.count("```mermaid") == 1
    places = ["`App.run`", "`App.dispatch`"]
    shown = re.findall(r"^### (.*)", page, re.MULTILINE)
    assert [place for place in shown if place in places] == places


APP = '''\
class App:
    """Serves."""

    def __call__(self, request):
        return self.run(request)

    def run(self, request):
        self.open()
        try:
            answer = self.dispatch(request)
        finally:
            self.close()
        return answer

    def dispatch(self, request):
        route = self.match(request)
        if route is None:
            return self.fail(request)
        return route(request)

    def match(self, request):
        routes = self.routes
        path = request.path
        return routes.get(path)

    def fail(self, request):
        self.failed = True
        self.count += 1
        return None

    def open(self):
        self.is_open = True

    def close(self):
        self.is_open = False
'''


TREE = """\
from water import _drink

class Tree:
    def grow(self, water):
        _drink(water)
        self.water = water
        return self.water
"""
WATER = '''\
def _drink(water):
    """Drink what has come down to the lowest layer of the ground."""
    for drop in water:
        _drink(drop)
        print(drop)
    return water
'''


def test_nothing_is_said_about_a_type_without_documentation(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"tree.py": TREE})
    chapter = chapter_of(facts, "Tree")
    page = chapters.written(facts, chapter)
    assert "is a class" in chapter.description
    assert "is a class" not in page
    assert "This chapter is about" not in page


def test_a_course_explains_each_thing_once(tmp_path: Path) -> None:
    bush = TREE.replace("Tree", "Bush")
    files = {"tree.py": TREE, "bush.py": bush, "water.py": WATER}
    facts = read(tmp_path, files)
    pages = [chapters.written(facts, chapter) for chapter in facts.chapters]
    rows = re.findall(r"^- `_drink` .*", "\n".join(pages), re.MULTILINE)
    assert len(rows) == 1


def test_a_paragraph_of_an_earlier_chapter_is_not_repeated(
    tmp_path: Path,
) -> None:
    doc = '"""Is something.\n\n    It grows by water that falls from the sky.\n    """'
    code = f"class Tree:\n    {doc}\n    x = 1\n"
    files = {"tree.py": code, "bush.py": code.replace("Tree", "Bush")}
    facts = read(tmp_path, files)
    pages = [chapters.written(facts, chapter) for chapter in facts.chapters]
    assert len(pages) == 2
    assert sum("falls from the sky" in page for page in pages) == 1


def test_a_chapter_says_nothing_about_itself(facts: CourseFacts) -> None:
    for chapter in facts.chapters:
        page = reviews.written(facts, chapter, chapters.written(facts, chapter))
        assert "checked" not in page
        assert "At a glance" not in page
        assert "more characters]" not in page


def test_a_review_links_the_first_mention_of_another_subject(
    facts: CourseFacts,
) -> None:
    chapter = chapter_of(facts, "Store")
    other = chapter_of(facts, "Stock")
    page = "# Title\n\nIt uses `Stock`, and `Stock` again.\n\n`Stock` is below."
    review = reviews.written(facts, chapter, page)
    assert review.count(f"[`Stock`]({other.file})") == 1
    assert f"[`Stock`]({other.file}), and `Stock` again." in review


def test_a_review_corrects_below_the_claim(facts: CourseFacts) -> None:
    chapter = chapter_of(facts, "Store")
    page = "# Title\n\nSee `shop/stock.py:900`.\n\nMore."
    review = reviews.written(facts, chapter, page)
    assert (
        "See `shop/stock.py:900`.\n\n"
        "> Correction: place `shop/stock.py:900`: these lines do not exist.\n"
    ) in review
    assert review.endswith("More.")


def test_no_link_leads_to_a_page_without_the_name(
    facts: CourseFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapters, "introduced", lambda *_: {"Store"})
    page = "# Title\n\nIt uses `Stock`."
    review = reviews.written(facts, chapter_of(facts, "Store"), page)
    assert "It uses `Stock`." in review


def test_no_link_is_put_into_a_quotation(facts: CourseFacts) -> None:
    chapter = chapter_of(facts, "Store")
    page = "# Title\n\nIt says ``no `Stock` is left``."
    review = reviews.written(facts, chapter, page)
    assert "It says ``no `Stock` is left``." in review


def test_a_type_has_the_attributes_that_its_constructor_sets(
    tmp_path: Path,
) -> None:
    plan = (
        "class Plan:\n    def draw(self):\n        self.a = 1\n"
        "        self.b = 2\n        return 1\n"
    )
    app = (
        "from plan import Plan\n\n\nclass App:\n    def __init__(self):\n"
        "        self.plans: dict[str, Plan] = {}\n        self.a = 1\n"
    )
    facts = read(tmp_path, {"app.py": app, "plan.py": plan})
    page = chapters.written(facts, chapter_of(facts, "App"))
    plan_page = chapter_of(facts, "Plan").file
    assert f"`App` holds [`Plan`]({plan_page}) (`app.py:6`)." in page


def test_each_relationship_of_the_map_is_a_connection_where_it_starts(
    tmp_path: Path,
) -> None:
    app = "from tea import brew\n\n\ndef serve(cup):\n    cup.fill(brew(cup))\n"
    tea = "def brew(cup):\n    cup.warm()\n    return cup.tea\n"
    facts = read(tmp_path, {"app.py": app, "tea.py": tea})
    assert [link.verb for link in facts.links] == [Verb.CALLS]
    page = chapters.written(facts, chapter_of(facts, "serve"))
    called = "`serve` calls [`brew`](chapter_2_brew.md) (`app.py:5`)."
    assert f"## Connections\n\n- {called}" in page
    page = chapters.written(facts, chapter_of(facts, "brew"))
    assert "## Connections" not in page
    assert "`serve` (`app.py:5`) calls it." in page


def test_a_docstring_that_the_code_shows_is_not_said_above_it(
    tmp_path: Path,
) -> None:
    purpose = "Clean the leaves with the water that fell overnight."
    code = (
        f'class Pot:\n    """Holds tea."""\n\n    def wash(self):\n        """{purpose}"""\n'
        "        self.clean = True\n        self.used += 1\n        return self\n"
    )
    facts = read(tmp_path, {"a.py": code})
    page = chapters.written(facts, facts.chapters[0])
    assert page.count(purpose) == 1


def test_a_function_with_the_purpose_of_its_caller_is_not_explained(
    tmp_path: Path,
) -> None:
    purpose = "Water the whole garden in the early morning hours."
    doc = f'    """{purpose}\n\n    Then rest.\n    """\n'
    steps = "    a = tap.open()\n    b = hose.take(a)\n    return b\n"
    tap = f"def sprinkle(tap, hose):\n{doc}{steps}"
    code = f"from tap import sprinkle\n\n\ndef water(tap):\n{doc}    return sprinkle(tap, 1)\n"
    facts = read(tmp_path, {"tap.py": tap, "garden.py": code})
    page = chapters.written(facts, chapter_of(facts, "water"))
    assert page.count(purpose) == 1


def test_parts_with_the_same_purpose_are_listed_once(tmp_path: Path) -> None:
    doc = '"""Let the water run off before the leaves get cold."""'
    parts = "".join(
        f"\n    def part_{letter}(self):\n        {doc}\n"
        for letter in "abcdefgh"
    )
    facts = read(tmp_path, {"a.py": f"class Pot:\n    x = 1\n{parts}"})
    page = chapters.written(facts, facts.chapters[0])
    assert len(re.findall(r"^- `Pot\.part_", page, re.MULTILINE)) == 1


STEPS = """\
class Mill:
    def grind(self, corn):
        clean = self._sift(corn)
        print(clean)
        return self._press(clean)

    def _sift(self, corn):
        print(corn)
        for seed in corn:
            print(seed)
        return corn.clean()

    def _press(self, corn):
        print(corn)
        if corn:
            return self._store(corn)
        return corn.press()

    def _store(self, corn):
        print(corn)
        for seed in corn:
            print(seed)
        return corn.store()
"""


def test_private_functions_are_below_a_heading_of_their_own(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"mill.py": STEPS})
    page = chapters.written(facts, chapter_of(facts, "Mill"))
    headings = re.findall(r"^##+ .*", page, re.MULTILINE)
    assert headings == [
        "## The code",
        "### `Mill.grind`",
        "## How it works",
        "### `Mill._sift`",
        "### `Mill._press`",
        "### `Mill._store`",
    ]
    assert "## How it works\n\n```mermaid" in page


def test_a_call_is_said_unless_it_is_drawn(tmp_path: Path) -> None:
    drawn = read(tmp_path / "drawn", {"mill.py": STEPS})
    page = chapters.written(drawn, chapter_of(drawn, "Mill"))
    assert '"Mill.grind()"]-->n1["Mill._sift()"]' in page
    assert "calls it" not in page
    few = STEPS.replace("self._store(corn)", "corn")
    undrawn = read(tmp_path / "undrawn", {"mill.py": few})
    page = chapters.written(undrawn, chapter_of(undrawn, "Mill"))
    assert "mermaid" not in page
    assert "`Mill.grind` calls it, then `Mill._press`." in page


@pytest.mark.parametrize(
    "purpose",
    [
        "Is any corn left in the mill of this town?",
        "We should have another look at all the corn here.",
        "Clean the corn of this mill for the given mill.",
    ],
)
def test_a_sentence_that_explains_little_is_no_gloss(
    tmp_path: Path, purpose: str
) -> None:
    clear = "Remove stones, straw and dust from what the farmer brings."
    sift = f'def clean(corn):\n    """{clear}\n\n    Once.\n    """\n'
    body = (
        "    seeds = corn.seeds()\n    print(seeds)\n    return dust(seeds)\n"
    )
    mill = "from sift import clean\n\n\ndef run(mill):\n    mill.turn()\n"
    mill += "    corn = clean(mill)\n    mill.stop(corn)\n    return corn\n"
    pages = []
    for position, text in enumerate([clear, purpose]):
        code = sift.replace(clear, text) + body
        folder = tmp_path / str(position)
        facts = read(folder, {"sift.py": code, "mill.py": mill})
        page = chapters.written(facts, chapter_of(facts, "run"))
        pages.append(page)
    assert f"- `clean` (`sift.py:1`): {clear}" in pages[0]
    assert "- `clean`" not in pages[1]


def test_an_interface_is_implemented(tmp_path: Path) -> None:
    code = """package shop;
public interface Shop { void sell(); void close(); }
class Stall implements Shop { public void sell() {} public void close() {} }
"""
    facts = read(tmp_path, {"Shop.java": code})
    page = chapters.written(facts, chapter_of(facts, "Shop"))
    assert "`Shop` is implemented by `Stall`." in page
