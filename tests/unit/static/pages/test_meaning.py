"""Which definition a bare name means, where a project has several of that name."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.claude import outline
from worker.engines.static.facts import Definition
from worker.engines.static.pages import examples, meaning, reviews
from worker.engines.static.pages.course import Chapter, CourseFacts

WORKER = '''\
class Worker:
    """Does {}."""

    def start(self, pool):
        """Start to work."""
        self.pool = pool
        return self.pool.start(self)


class {}Pool:
    """Has workers."""

    def start(self, Worker):
        """Start them."""
        self.worker = Worker
        return Worker
'''
FILES = {
    "shop/till.py": WORKER.format("sales", "Till"),
    "shop/cellar.py": WORKER.format("storage", "Cellar"),
}


def worker(facts: CourseFacts, path: str) -> Definition:
    return next(
        definition
        for definition in facts.definitions
        if definition.path == path and definition.name == "Worker"
    )


@pytest.mark.parametrize(
    ("code", "is_meant"),
    [
        ("from shop.till import Worker\n", True),
        ("from shop.cellar import Worker\n", False),
        ("Worker().start(1)\n", False),
    ],
)
def test_a_name_of_two_types_means_the_one_that_is_imported(
    tmp_path: Path, code: str, *, is_meant: bool
) -> None:
    facts = read(tmp_path, FILES)
    of_till = worker(facts, "shop/till.py")
    assert meaning.is_meant(facts, of_till, code) is is_meant


@pytest.mark.parametrize(
    ("code", "is_meant"),
    [
        ("from shop.till import Worker\n", True),
        ("from shop import Worker\n", True),
        ("from shop.spare import Worker\n", False),
        ("Worker().start(1)\n", True),
    ],
)
def test_a_type_is_not_meant_where_a_lesser_one_of_its_name_is_imported(
    tmp_path: Path, code: str, *, is_meant: bool
) -> None:
    facts = read(tmp_path, {**FILES, "shop/spare.py": WORKER.format("", "")})
    of_till = worker(facts, "shop/till.py")
    worth = dict.fromkeys(facts.analysis.worth, 1.0)
    worth[of_till.index] = 2
    analysis = replace(facts.analysis, worth=worth)
    facts = CourseFacts(analysis, facts.course)
    assert not meaning.is_ambiguous(facts, of_till)
    assert meaning.is_meant(facts, of_till, code) is is_meant


def test_a_name_of_one_type_means_it_everywhere(tmp_path: Path) -> None:
    facts = read(tmp_path, FILES)
    pool = facts.definitions[index_of(facts, "TillPool")]
    assert meaning.is_meant(facts, pool, "TillPool().start(1)\n")


def chapter_of_worker(facts: CourseFacts, path: str) -> Chapter:
    index = worker(facts, path).index
    return next(each for each in facts.chapters if index in each.unit.owned)


def test_the_examples_of_a_type_import_it_from_its_module(
    tmp_path: Path,
) -> None:
    test = (
        "from shop.{0} import Worker\n\n\ndef test_{0}():\n"
        "    worker = Worker()\n    assert worker\n"
    )
    tests = {
        f"tests/test_{name}.py": test.format(name)
        for name in ("cellar", "till")
    }
    facts = read(tmp_path, {**FILES, **tests})
    chapter = chapter_of_worker(facts, "shop/till.py")
    paths = [
        example.path
        for example in examples.found(facts, chapter)
        if facts.definitions[example.target].name == "Worker"
    ]
    assert paths == ["tests/test_till.py"]


LOAD = '''\
def load(path):
    """Load a file."""
    text = path.read()
    return text
'''
CONFIG = '''\
class Config:
    """Holds settings."""

    def read(self, path, load):
        """Read a file."""
        self.path = path
        self.text = self.keep(load(path))
        return self.text

    def keep(self, text):
        """Keep a text."""
        self.kept = text
        self.size = len(text)
        return text


class Reader(Config):
    """Reads settings."""

    def again(self, path):
        """Read a file again."""
        self.path = path
        self.text = self.keep(path)
        return self.text
'''


def test_a_name_of_two_types_is_no_link(tmp_path: Path) -> None:
    facts = read(tmp_path, {**FILES, "gate/config.py": CONFIG})
    chapter = next(each for each in facts.chapters if "Config" in each.name)
    page = "# Title\n\nIt is for a `Worker` and for a `TillPool`."
    assert "for a `Worker` and" in reviews.written(facts, chapter, page)


def test_a_parameter_of_a_shown_function_is_no_link(tmp_path: Path) -> None:
    facts = read(tmp_path, {"shop/load.py": LOAD, "shop/config.py": CONFIG})
    chapter = next(each for each in facts.chapters if "Config" in each.name)
    review = reviews.written(facts, chapter, "# Title\n\nIt calls `load`.")
    assert "It calls `load`." in review


def test_names_are_kept_apart_from_what_the_other_engine_counts(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, FILES)
    outline.most_used(facts, worker(facts, "shop/till.py"))
    of_till = worker(facts, "shop/till.py")
    assert meaning.is_ambiguous(facts, of_till)


@pytest.mark.parametrize(
    ("code", "is_meant"),
    [
        ("import * as z from 'shop/v4';\nnew z.Price();\n", False),
        ("const z = require('shop/v4');\nnew z.Price();\n", False),
        ("import { Price } from 'shop/v3';\nnew Price();\n", True),
        ("import { Price } from 'shop';\nnew Price();\n", True),
    ],
)
def test_a_script_means_the_type_in_the_folder_that_it_imports(
    tmp_path: Path, code: str, *, is_meant: bool
) -> None:
    price = "export class Price {\n  pay() {\n    return 1;\n  }\n}\n"
    files = {"src/v3/price.ts": price, "src/v4/price.ts": price}
    facts = read(tmp_path, files)
    of_v3 = next(
        definition
        for definition in facts.by_name["Price"]
        if definition.path == "src/v3/price.ts"
    )
    assert meaning.is_meant(facts, of_v3, code) is is_meant


TILL = """package till

// Till sells.
type Till struct{ sum int }

// Sell sells a cup.
func (t *Till) Sell(cup int) int {
\tt.sum += cup
\treturn t.sum
}

// Count counts the money.
func (t *Till) Count() int {
\treturn t.sum
}
"""
FRONT = """package front

import "shop/till"

// Sell sells a cup at the only till.
func Sell(cup int) int {
\tt := &till.Till{}
\treturn t.Sell(cup)
}

// Print prints a bill.
func Print(cup int) int {
\tn := cup * 2
\treturn n
}
"""


def test_a_bare_name_is_a_member_before_it_is_another_package_s(
    tmp_path: Path,
) -> None:
    files = {"go.mod": "module shop\n"}
    files |= {"till/till.go": TILL, "front/front.go": FRONT}
    facts = read(tmp_path, files)
    chapter = next(each for each in facts.chapters if "Till" in each.name)
    page = "# Title\n\n### `Till.Sell`\n\n`Sell` sells, and `Print` prints."
    review = reviews.written(facts, chapter, page)
    assert "\n`Sell` sells" in review
    assert "[`Print`](" in review
    elsewhere = "# Title\n\n`Print` (`till/till.go:3`) calls it."
    assert elsewhere in reviews.written(facts, chapter, elsewhere)


def test_a_name_of_two_modules_leads_to_the_one_that_the_file_imports(
    tmp_path: Path,
) -> None:
    user = "from shop.till import Worker\n\n\nHIRED = [Worker()]\n"
    facts = read(tmp_path, FILES | {"gate/config.py": user + CONFIG})
    chapter = next(each for each in facts.chapters if "Config" in each.name)
    page = "# Title\n\nIt is for a `Worker`."
    assert "for a [`Worker`](" in reviews.written(facts, chapter, page)
