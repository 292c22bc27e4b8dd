"""The chapters, and what a review adds to them."""

import re
from dataclasses import replace
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
    _, _, rest = page.partition("## What can go wrong\n\n")
    section, _, _ = rest.partition("\n\n##")
    # Only the project's own exception is explained: the code has all of them.
    assert section == (
        "- `EmptyError`: There is nothing left. `Stock.take` raises it "
        "(`shop/stock.py:26`) if `not self.things.get(name)`: "
        '`f"no {name} is left"`. `Cellar.take` raises it (`shop/stock.py:41`) '
        'if `os.environ.get("SHOP_DARK")`: `"it is dark"`'
    )
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
    assert "### `Pot.fill_up`\n\nIt takes `water` (`a.py:4-8`):\n" in page


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


SHOP = """\
from app import App


class Shop:
    def sell(self, tea):
        self.tea = tea
        self.app = App()
        return self.app
"""
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


def test_a_review_links_a_member_of_another_subject_once(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": APP, "shop.py": SHOP})
    page = "# Title\n\nIt needs `App.open` and `App.close`.\n\n`App` runs."
    review = reviews.written(facts, chapter_of(facts, "Shop"), page)
    other = chapter_of(facts, "App").file
    assert f"It needs [`App.open`]({other}) and `App.close`." in review
    assert f"[`App`]({other}) runs." in review
    linked = f"# Title\n\nSee [`App`]({other}).\n\nIt needs `App.open`."
    review = reviews.written(facts, chapter_of(facts, "Shop"), linked)
    assert review.endswith("It needs `App.open`.")


def test_a_review_says_what_to_read_first(tmp_path: Path) -> None:
    readme = "# Tea\n\n```python\nfrom app import App\n\nApp().run(1)\n```\n"
    files = {"README.md": readme, "app.py": APP, "shop.py": SHOP}
    facts = read(tmp_path, files)
    first, last = (chapter_of(facts, name) for name in ("App", "Shop"))
    assert first.position < last.position
    page = "# Title\n\nIs a text.\n\n## The code\n\n## More"
    review = reviews.written(facts, last, page)
    said = f"Is a text.\n\nRead first: [{first.name}]({first.file}).\n\n## The code"
    assert said in review
    assert review.count("Read first") == 1
    assert "Read first" not in reviews.written(facts, first, page)


def test_what_only_uses_a_subject_need_not_be_read_first(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"app.py": APP, "shop.py": SHOP})
    user, used = (chapter_of(facts, name) for name in ("Shop", "App"))
    links = {(link.source, link.target): link.verb for link in facts.links}
    assert links == {(user.position, used.position): Verb.CREATES}
    assert user.position < used.position
    page = "# Title\n\nIs a text.\n\n## The code"
    assert "Read first" not in reviews.written(facts, used, page)


def test_a_parameter_of_what_is_described_is_no_link(tmp_path: Path) -> None:
    brew = "def brew(cup):\n    cup.warm()\n    return cup.tea\n"
    shop = "class Shop:\n    def sell(self, brew):\n        self.a = brew\n"
    shop += "        self.b = 1\n        return self.a\n\n    def open(self):\n"
    shop += "        self.a = 0\n        self.b = 0\n        return self\n"
    facts = read(tmp_path, {"tea.py": brew, "shop.py": shop})
    chapter = chapter_of(facts, "Shop")
    about = "# Title\n\n## The code\n\n### `Shop.{}`\n\nIt uses `brew`."
    selling = reviews.written(facts, chapter, about.format("sell"))
    assert "It uses `brew`." in selling
    opening = reviews.written(facts, chapter, about.format("open"))
    assert "It uses [`brew`]" in opening
    row = "# Title\n\n## Other parts\n\n- `Shop.sell`: Sells `brew`."
    assert "Sells `brew`." in reviews.written(facts, chapter, row)


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


def test_what_a_type_extends_is_its_only_connection(
    tmp_path: Path,
) -> None:
    app = (
        "from tea import Cup\n\n\nclass Mug(Cup):\n"
        "    def fill(self):\n        self.tea = Cup()\n"
        "        self.full = True\n        return self.tea\n"
    )
    tea = (
        "class Cup:\n    def warm(self):\n        self.hot = 1\n"
        "        self.t = 2\n        return 1\n"
    )
    facts = read(tmp_path, {"app.py": app, "tea.py": tea})
    mug = chapter_of(facts, "Mug")
    page = chapter_of(facts, "Cup").file
    _, connected = chapters.written(facts, mug).split("## Connections\n\n")
    assert connected == f"- `Mug` extends [`Cup`]({page})."


CUP = """class Cup:
    def serve(self):
        self.warm()
        self.full = True
        return self.brew()

    def brew(self):
        \"""Put leaves into hot water.

        Slowly.
        \"""
        self.tea = 1
        self.hot = True
        return self
"""


def test_a_call_from_the_code_above_is_not_said(tmp_path: Path) -> None:
    facts = read(tmp_path / "told", {"tea.py": CUP})
    page = chapters.written(facts, chapter_of(facts, "Cup"))
    assert "### `Cup.brew`\n\nPut leaves into hot water (`tea.py:" in page
    assert "calls it" not in page
    untold = CUP.replace("Put leaves into hot water", "Brew")
    facts = read(tmp_path / "untold", {"tea.py": untold})
    page = chapters.written(facts, chapter_of(facts, "Cup"))
    assert "`Cup.serve` calls it (`tea.py:" in page


def test_what_another_chapter_is_about_is_explained_first_with_a_link(
    tmp_path: Path,
) -> None:
    parts = ("wash", "peel", "slice")
    code = "from tea import brew\n\n\ndef serve(cup):\n"
    code += "".join(f"    _{part}(cup)\n" for part in parts)
    code += "    _boil(cup)\n    return brew(cup)\n\n\n"
    for part in (*parts, "boil"):
        told = f"Take a sharp knife and water to {part} all lemons slowly."
        code += f'def _{part}(cup):\n    """{told}"""\n    cup.{part}()\n'
        code += f"    cup.check()\n    return cup.{part}ed\n\n\n"
    tea = (
        'def brew(cup):\n    """Brew tea."""\n    cup.warm()\n    return cup\n'
    )
    files = {"app.py": code, "tea.py": tea}
    facts = read(tmp_path, files)
    page = chapters.written(facts, chapter_of(facts, "serve"))
    assert "- [`brew`](chapter_2_brew.md) (`tea.py:1`): Brew tea." in page


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


def test_a_call_in_a_line_that_is_not_shown_is_not_explained(
    tmp_path: Path,
) -> None:
    steps = "".join(f"    pour({n})\n" for n in range(60))
    parts = "".join(
        f'def {name}(cup):\n    """Take a knife and {name} all of the lemons."""\n'
        "    cup.check()\n    return cup.ask()\n\n\n"
        for name in ("_peel", "_slice")
    )
    body = f"{steps}    _peel(cup)\n{steps}    return _slice(cup)\n"
    facts = read(tmp_path, {"tea.py": f"{parts}def serve(cup):\n{body}"})
    page = chapters.written(facts, chapter_of(facts, "serve"))
    assert "- `_slice` (" in page
    assert "- `_peel` (" not in page


def test_a_method_that_is_overridden_above_is_no_other_part(
    tmp_path: Path,
) -> None:
    code = '''class Mill:
    """Grinds the corn of all the farms around it."""

    def grind(self, corn):
        """Make flour of the corn that a farm has brought."""
        raise NotImplementedError


class Windmill(Mill):
    def grind(self, corn):
        clean = corn.sifted()
        print(clean)
        return clean.pressed()
'''
    facts = read(tmp_path, {"mill.py": code})
    page = chapters.written(facts, chapter_of(facts, "Mill"))
    assert page.count("Make flour of the corn") == 1


def test_a_name_with_its_modules_does_not_make_a_sentence_new(
    tmp_path: Path,
) -> None:
    code = """module Farm
  # Farm::Mill grinds the corn of all the farms around it.
  class Mill
    def grind(corn)
      clean = corn.sifted
      puts clean
      clean.pressed
    end
  end
end
"""
    facts = read(tmp_path, {"lib/farm.rb": code})
    page = chapters.written(facts, chapter_of(facts, "Mill"))
    assert page.count("grinds the corn") == 1


def test_parts_with_the_same_purpose_are_listed_once(tmp_path: Path) -> None:
    doc = '"""Let the water run off before the leaves get cold."""'
    parts = "".join(
        f"\n    def part_{letter}(self):\n        {doc}\n"
        for letter in "abcdefgh"
    )
    facts = read(tmp_path, {"a.py": f"class Pot:\n    x = 1\n{parts}"})
    page = chapters.written(facts, facts.chapters[0])
    assert len(re.findall(r"^- `Pot\.part_", page, re.MULTILINE)) == 1


def test_other_parts_are_no_subject_constructor_or_deprecated(
    tmp_path: Path,
) -> None:
    doc = "    /** {} the water that the garden needs in a dry summer. */\n"
    parts = "".join(
        doc.format(verb) + f"    {code}\n"
        for verb, code in (
            ("Takes", "public Pot(int n) { this.n = n; }"),
            ("Pours", "public int pour() { return n; }"),
            ("Spills", "@Deprecated public int spill() { return n; }"),
        )
    )
    code = (
        "/** Keeps all the cold water of a garden. */\n"
        f"public class Pot {{\n    int n;\n{parts}}}\n"
    )
    facts = read(tmp_path, {"Pot.java": code})
    page = chapters.written(facts, chapter_of(facts, "Pot"))
    _, _, listed = page.partition("## Other parts\n\n")
    assert re.findall(r"^- `([^`]+)`", listed, re.MULTILINE) == ["Pot.pour"]


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
    assert "`Mill.grind` calls it (`mill.py:" in page


@pytest.mark.parametrize(
    "purpose",
    [
        "Is any corn left in the mill of this town?",
        "We should have another look at all the corn here.",
        "Internal removal of stones, straw and dust from what comes.",
        "Clean the corn of this mill for the given mill.",
    ],
)
def test_a_sentence_that_explains_little_is_no_gloss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    monkeypatch.setattr(chapters, "_subject_of", lambda *_: None)
    clear = "Remove stones, straw and dust from what the farmer brings."
    sift = f'def _clean(corn):\n    """{clear}\n\n    Once.\n    """\n'
    body = (
        "    seeds = corn.seeds()\n    print(seeds)\n    return dust(seeds)\n"
    )
    mill = "from sift import _clean\n\n\ndef run(mill):\n    mill.turn()\n"
    mill += "    corn = _clean(mill)\n    mill.stop(corn)\n    return corn\n"
    pages = []
    for position, text in enumerate([clear, purpose]):
        code = sift.replace(clear, text) + body
        folder = tmp_path / str(position)
        facts = read(folder, {"sift.py": code, "mill.py": mill})
        page = chapters.written(facts, chapter_of(facts, "run"))
        pages.append(page)
    assert f"- `_clean` (`sift.py:1`): {clear}" in pages[0]
    assert "- `_clean`" not in pages[1]


def test_an_interface_is_implemented(tmp_path: Path) -> None:
    code = """package shop;
public interface Shop { void sell(); void close(); }
class Stall implements Shop { public void sell() {} public void close() {} }
"""
    facts = read(tmp_path, {"Shop.java": code})
    page = chapters.written(facts, chapter_of(facts, "Shop"))
    assert "`Shop` is implemented by `Stall`." in page


def test_each_base_is_extended_or_implemented(tmp_path: Path) -> None:
    methods = "".join(
        f"  {name}(n: number) {{\n    this.n = n;\n    this.m = 1;\n"
        "    this.k = n;\n    return n;\n  }\n"
        for name in ("open", "close", "sell", "count")
    )
    shop = (
        f"export class Shop {{\n{methods}}}\n"
        "export interface Sells { sell(n: number): number; }\n"
    )
    stall = (
        "import { Shop, Sells } from './shop';\n"
        f"export class Stall extends Shop implements Sells {{\n{methods}}}\n"
    )
    facts = read(tmp_path, {"shop.ts": shop, "stall.ts": stall})
    page = chapters.written(facts, chapter_of(facts, "Stall"))
    assert re.search(r"- `Stall` extends \[?`Shop`", page)
    assert re.search(r"- `Stall` implements \[?`Sells`", page)


def test_options_of_a_constructor_that_is_not_shown_are_listed(
    tmp_path: Path,
) -> None:
    code = (
        'class Kettle:\n    """Boils water.\n\n    `litres`\n'
        "        How much water the kettle holds at most.\n\n"
        '    `power`\n        Watts that the stove delivers.\n    """\n\n'
        "    def __init__(self, litres, power):\n        self.litres = litres\n\n"
    )
    for name in ("boil", "fill", "pour", "warm"):
        code += (
            f"\n    def {name}(self, n):\n        self.{name}ed = n\n"
            f"        self.last = '{name}'\n        return n\n"
        )
    facts = read(tmp_path, {"kettle.py": code})
    page = chapters.written(facts, chapter_of(facts, "Kettle"))
    assert "### `Kettle.__init__`" not in page
    assert (
        "## Options\n\n"
        "The constructor is `Kettle.__init__` (`kettle.py:11`).\n\n"
        "Its parameters:\n\n"
        "- `litres`: How much water the kettle holds at most.\n"
        "- `power`: Watts that the stove delivers.\n\n## The code"
    ) in page
    assert page.count("How much water") == 1


KETTLE = """\
module Tea
  # Tea::Kettle boils water for a pot of leaves.
  # Its lid stays closed.
  #
  #   kettle = Tea::Kettle.new(4)
  #   kettle.boil
  class Kettle < Vessel
    # How many litres of cold water it holds at most.
    LITRES = 4

    def boil
      @hot = true
      @steam = 1
      @water
    end
  end

  class Vessel
    def fill
      @water = 1
      @full = true
      @water
    end
  end
end
"""


def test_an_introduction_says_each_thing_once_and_shows_no_code(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"kettle.rb": KETTLE})
    page = chapters.written(facts, chapter_of(facts, "Kettle"))
    assert page.count("boils water for a pot") == 1
    assert page.count("Its lid stays closed.") == 1
    assert "Kettle.new" not in page
    assert "LITRES" not in page


def test_a_base_of_the_same_chapter_is_named_once(tmp_path: Path) -> None:
    code = (
        "class Vessel:\n    def fill(self):\n        self.full = 1\n"
        "        self.last = 2\n        return 1\n\n\n"
        "class Kettle(Vessel):\n    def boil(self):\n        self.hot = 1\n"
        "        self.steam = 2\n        return 1\n"
    )
    facts = read(tmp_path, {"kettle.py": code})
    chapter = chapter_of(facts, "Kettle")
    entry = replace(chapter.entry, name="Kettle and Vessel")
    unit = replace(chapter.unit, symbols=(*chapter.unit.symbols, 0))
    page = chapters.written(facts, replace(chapter, entry=entry, unit=unit))
    _, connected = page.split("## Connections\n\n")
    assert connected == "- `Kettle` extends [`Vessel`](chapter_1_vessel.md)."
