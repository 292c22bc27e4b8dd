"""The three YAML files, read back as the worker reads them."""

from pathlib import Path

import pytest

from tests.support.course import write_tree
from tests.support.samples import ALL, MIXED
from worker.course.formats import (
    read_abstractions,
    read_order,
    read_relationships,
)
from worker.engines.static.analysis import analyze
from worker.engines.static.pages import yaml_files


@pytest.mark.parametrize("sample", ALL)
def test_the_yaml_files_are_read_back_as_written(
    tmp_path: Path, sample: str
) -> None:
    analysis = analyze(write_tree(tmp_path, ALL[sample]), lambda: None)
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    summary, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    order = read_order(yaml_files.order(analysis), abstractions)
    assert [abstraction.name for abstraction in abstractions] == [
        unit.name for unit in analysis.units
    ]
    assert summary == analysis.summary
    assert [
        (relation.source, relation.target) for relation in relationships
    ] == [(relation.source, relation.target) for relation in analysis.relations]
    assert sorted(step.name for step in order) == sorted(
        unit.name for unit in analysis.units
    )
    assert [step.index for step in order] == list(range(1, len(order) + 1))


def test_evidence_is_a_line_of_the_source(tmp_path: Path) -> None:
    analysis = analyze(write_tree(tmp_path, MIXED), lambda: None)
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    _, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    for relation in relationships:
        path, line, code = relation.evidence.split(":", 2)
        assert (tmp_path / path).read_text().split("\n")[
            int(line) - 1
        ].strip() == code.strip()
    assert relationships


def test_texts_that_mean_something_in_yaml_survive(tmp_path: Path) -> None:
    doc = 'Yes: *this* is & said, # it\'s "quoted" | ünïcode 🙂 \\u2028 {}[]'
    files = {
        "a: b.py": f'class Null:\n    """{doc}"""\n\n    def on(self):\n        return "yes"\n',
        "no.md": "# ~\n\n- null\n",
    }
    analysis = analyze(write_tree(tmp_path, files), lambda: None)
    assert [
        abstraction.name
        for abstraction in read_abstractions(yaml_files.abstractions(analysis))
    ] == [unit.name for unit in analysis.units]


def test_an_arrow_says_which_names_of_a_title_it_is_about(
    tmp_path: Path,
) -> None:
    code = (
        "package till\n\nfunc {}(x int) int {{\n\ty := {}\n\treturn y\n}}\n\n"
    )
    pay = [
        code.format(name, body)
        for name, body in (("Pay", "Sell(x)"), ("PayAll", "x"))
    ]
    sell = [code.format(name, "x") for name in ("Sell", "SellAll")]
    files = {"pay.go": "".join(pay), "sell.go": "".join(sell)}
    analysis = analyze(write_tree(tmp_path, files), lambda: None)
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    _, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    labels = [relationship.label for relationship in relationships]
    assert labels == ["Pay calls Sell"], [unit.name for unit in analysis.units]


def test_an_arrow_names_what_does_it_and_with_what(tmp_path: Path) -> None:
    code = (
        "from stock import Stock\n\n\nclass Store:\n"
        "    def __init__(self, stock: Stock) -> None:\n"
        "        self.stock: Stock = stock\n\n"
        "    def count(self) -> int:\n        return self.stock.size() + 1\n"
    )
    stock = (
        "class Stock:\n    def size(self) -> int:\n        return self.big\n\n"
        "    def grow(self) -> None:\n        self.big = 1\n"
    )
    files = {"store.py": code, "stock.py": stock}
    analysis = analyze(write_tree(tmp_path, files), lambda: None)
    abstractions = read_abstractions(yaml_files.abstractions(analysis))
    _, relationships = read_relationships(
        yaml_files.relationships(analysis), abstractions
    )
    assert [each.label for each in relationships] == ["holds Stock"]
