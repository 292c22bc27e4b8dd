"""The drawings of a chapter."""

from dataclasses import replace
from pathlib import Path

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import chapters, diagrams, mermaid

WORDS = "Map Chart Plan Sheet Row Stall Tent Mug Glass Bowl"
BASE = """\
class Root:
    pass


class Plan(Root):
    pass


class Sheet(Root):
    class Row(Root):
        pass
"""
DERIVED = """\
from base import Plan as BasePlan


class Plan(BasePlan):
    pass


class Map(Plan):
    pass


class Chart(Plan):
    pass
"""


def test_a_base_with_another_name_is_drawn_once_and_namesakes_with_their_modules(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"base.py": BASE, "derived.py": DERIVED})
    drawing = diagrams.family(facts, chapter_of(facts, "Map"), WORDS)
    assert drawing.count('["base.Plan"]') == 1
    assert drawing.count('["derived.Plan"]') == 1
    assert "BasePlan" not in drawing


def test_a_nested_type_is_drawn_with_the_name_around_it(tmp_path: Path) -> None:
    facts = read(tmp_path, {"base.py": BASE})
    drawing = diagrams.family(facts, chapter_of(facts, "Root"), WORDS)
    assert "Root<|--Sheet.Row" in drawing


CALLS = """\
def run(x):
    start(x)
    return work(x)


def work(x):
    return step(x)


def start(x):
    return x


def step(x):
    return x


def again(x):
    return step(x)
"""


def test_calls_are_drawn_from_the_function_from_which_most_are_reached(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"calls.py": CALLS})
    chapter = chapter_of(facts, "run")
    unit = replace(
        chapter.unit, owned=tuple(each.index for each in facts.definitions)
    )
    chapter = replace(chapter, unit=unit)
    assert diagrams.calls(facts, chapter, facts.definitions) == (
        'flowchart LR\n  n0["run()"]-->n1["start()"]\n'
        '  n0-->n2["work()"]\n  n2-->n3["step()"]'
    )
    others = [each for each in facts.definitions if each.name != "work"]
    assert diagrams.calls(facts, chapter, others) == ""


def test_types_of_rust_implement_traits(
    tmp_path: Path,
) -> None:
    code = """pub struct Shop { name: String }
impl Display for Shop { fn fmt(&self) {} }
impl Debug for Shop { fn show(&self) {} }
impl Sell for Shop { fn sell(&self) {} }
pub trait Sell { fn sell(&self); }
"""
    facts = read(tmp_path, {"shop.rs": code})
    drawing = diagrams.family(facts, chapter_of(facts, "Shop"), WORDS)
    assert "Display<|..Shop" in drawing
    assert "Sell<|..Shop" in drawing
    assert "Debug<|..Shop" in drawing


def test_a_module_that_a_class_includes_is_not_extended(tmp_path: Path) -> None:
    code = """module Sells
  def sell; end
end
class Shop < Place
  include Sells
  def open; end
end
class Stall < Shop
  def close; end
end
"""
    facts = read(tmp_path, {"shop.rb": code})
    drawing = diagrams.family(facts, chapter_of(facts, "Shop"), WORDS)
    assert "Sells<|..Shop" in drawing
    assert "Place<|--Shop" in drawing
    assert "Shop<|--Stall" in drawing


def test_only_the_family_of_the_subject_is_drawn(tmp_path: Path) -> None:
    code = (
        "class Cup:\n    def fill(self): pass\n    def warm(self): pass\n\n\n"
    )
    for name in ("Mug", "Glass", "Bowl", "_Old"):
        code += f"class {name}(Cup):\n    pass\n\n\n"
    code += "class Flag(Enum):\n    RED = 1\n"
    facts = read(tmp_path, {"cup.py": code})
    drawing = diagrams.family(facts, chapter_of(facts, "Cup"), WORDS)
    assert drawing.count("Cup<|--") == 3
    assert "_Old" not in drawing
    assert "Flag" not in drawing


def test_what_a_class_implements_or_includes_elsewhere_is_not_extended(
    tmp_path: Path,
) -> None:
    php = """<?php
class Shop extends Place implements Sells, \\Countable {
  public function open() {}
}
"""
    ruby = """class Shop < Place
  include Rest::Sells
  def open; end
end
class Stall < Shop
  def close; end
end
"""
    for file, code in {"shop.php": php, "shop.rb": ruby}.items():
        facts = read(tmp_path / file, {file: code})
        drawing = diagrams.family(facts, chapter_of(facts, "Shop"), WORDS)
        assert "Sells<|..Shop" in drawing
        assert "Place<|--Shop" in drawing


def test_an_interface_extends_an_interface(tmp_path: Path) -> None:
    code = """export interface Shop extends Place { open(): void; close(): void }
export interface Stall extends Shop { move(): void }
export class Tent implements Shop { open() {} close() {} }
"""
    facts = read(tmp_path, {"shop.ts": code})
    drawing = diagrams.family(facts, chapter_of(facts, "Shop"), WORDS)
    assert "Place<|--Shop" in drawing
    assert "Shop<|--Stall" in drawing
    assert "Shop<|..Tent" in drawing


def test_a_class_that_the_page_does_not_name_is_drawn_only_as_a_base(
    tmp_path: Path,
) -> None:
    code = (
        "class Cup:\n    def fill(self): pass\n    def warm(self): pass\n\n\n"
    )
    bases = {"Mug": "Cup", "Glass": "Cup", "Bowl": "Cup", "Jug": "Cup"}
    for name, base in (bases | {"Big": "Jug", "Cold": "Jug"}).items():
        code += f"class {name}({base}):\n    pass\n\n\n"
    facts = read(tmp_path, {"cup.py": code})
    chapter = chapter_of(facts, "Cup")
    drawing = diagrams.family(facts, chapter, "Mug, Glass and Big")
    assert "Cup<|--Jug" in drawing
    assert "Bowl" not in drawing
    assert "Cold" not in drawing


GO = """package till

import "net/http"

// Writer writes.
type Writer interface {
\thttp.Writer
\thttp.Flusher
\thttp.Closer
\tSize() int
}

type LogWriter interface {
\tWriter
\tLog() int
}
"""


def test_go_s_types_embed_and_a_package_s_type_is_named_with_the_package(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"till.go": GO})
    chapter = chapter_of(facts, "Writer")
    drawing = diagrams.family(facts, chapter, "LogWriter")
    assert '["http.Writer"]' in drawing
    assert "<--Writer : embeds" in drawing
    assert "Writer<--LogWriter : embeds" in drawing
    assert mermaid.fault(drawing) is None
    page = chapters.written(facts, chapter)
    assert "implement" not in page


def test_a_base_of_the_same_name_is_named_with_its_module(
    tmp_path: Path,
) -> None:
    base = "class Plan:\n    def draw(self): pass\n"
    derived = (
        "from .inner.plans import Plan as Base\n\n\n"
        "class Plan(Base):\n    def show(self): pass\n    def hide(self): pass\n"
    )
    files = {"house/inner/plans.py": base, "house/plans.py": derived}
    facts = read(tmp_path, {**files, "house/__init__.py": ""})
    pages = [chapters.written(facts, chapter) for chapter in facts.chapters]
    assert "`Plan` extends `inner.plans.Plan`." in "".join(pages)
