"""The trees of the sources that were parsed last are kept, up to a size."""

import pytest

from worker.engines.static.parsing import source_file
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.language import Language


def test_the_tree_of_a_source_is_kept_for_every_parser() -> None:
    source = b"def the_tree_is_kept(): pass\n"
    tree = SourceParser().tree(Language.PYTHON, source)
    assert SourceParser().tree(Language.PYTHON, source) is tree


def test_another_language_has_another_tree() -> None:
    source = b"x = 1\n"
    python = SourceParser().tree(Language.PYTHON, source)
    ruby = SourceParser().tree(Language.RUBY, source)
    assert python.root_node.type == "module"
    assert ruby.root_node.type == "program"


def test_what_was_parsed_first_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources = [f"number_{number} = 1\n".encode() for number in range(3)]
    monkeypatch.setattr(source_file, "_KEPT_BYTES", len(sources[0]) * 2)
    parser = SourceParser()
    first, second, third = (
        parser.tree(Language.PYTHON, source) for source in sources
    )
    assert parser.tree(Language.PYTHON, sources[2]) is third
    assert parser.tree(Language.PYTHON, sources[1]) is second
    assert parser.tree(Language.PYTHON, sources[0]) is not first
