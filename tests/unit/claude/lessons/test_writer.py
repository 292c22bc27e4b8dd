"""What a page takes from an answer."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from states.stages import Stage
from tests.support.course_facts import read
from worker.course.site.markdown import Markdown
from worker.engines.claude.blocks import example_codes
from worker.engines.claude.drawings import of_calls, of_relations
from worker.engines.claude.material import CallSite
from worker.engines.claude.questions import Questions
from worker.engines.claude.render import Renderer
from worker.engines.claude.verify.diagrams import DiagramChecker
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import ENGLISH
from worker.engines.claude.writer import PageWriter, Written

FILES = {
    "README.md": "# Shop\n\nShop is a library that counts stock.\n",
    "stock.py": '"""Counts."""\n\n\n'
    "class Stock:\n"
    '    """Count things."""\n\n'
    "    def __init__(self, count: int) -> None:\n"
    "        self.count = count\n\n"
    "    def take(self, number: int) -> int:\n"
    '        """Take some."""\n'
    "        self.check(number)\n"
    "        self.count -= number\n"
    "        return self.count\n\n"
    "    def check(self, number: int) -> None:\n"
    '        """Refuse too many."""\n'
    "        if number > self.count:\n"
    "            raise ValueError('not so many')\n",
    "other.py": "\n".join(f"unseen_{number} = {number}" for number in range(9)),
}


@pytest.fixture
def writer(tmp_path: Path) -> PageWriter:
    facts = read(tmp_path, FILES)
    questions = Questions(facts, "English")
    _, material = questions.of_chapter(
        Stage.GENERATE_CHAPTERS, facts.chapters[0]
    )
    renderer = Renderer(facts=facts, words=ENGLISH, material=material)
    return PageWriter(renderer, Verifier(facts, "English"), lists_once=True)


def lines(file: str, first: int, last: int) -> dict[str, Any]:
    return {"file": file, "from": first, "to": last}


def prose(text: str, *sources: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "prose", "text": text, "sources": list(sources)}


def example(code: str, file: str = "", prints: str = "") -> dict[str, Any]:
    return {
        "kind": "example",
        "file": file,
        "language": "python",
        "code": code,
        "prints": prints,
    }


def written(writer: PageWriter, *blocks: object, **options: bool) -> Written:
    return writer.written(list(blocks), "here", **options)


def test_a_paragraph_names_the_lines_that_it_is_based_on(
    writer: PageWriter,
) -> None:
    block = prose(
        "`Stock.take` calls `Stock.check`.", lines("stock.py", 10, 12)
    )
    result = written(writer, block)
    assert result.faults == []
    assert result.texts == [
        "`Stock.take` calls `Stock.check`. (`stock.py:10-12`)"
    ]


def test_a_paragraph_cites_the_two_places_that_cover_most_of_it(
    writer: PageWriter,
) -> None:
    block = prose(
        "`Stock.take` calls `Stock.check`.",
        lines("stock.py", 10, 10),
        lines("stock.py", 4, 5),
        lines("stock.py", 11, 12),
        lines("stock.py", 1, 1),
        lines("stock.py", 16, 16),
    )
    assert written(writer, block).texts == [
        "`Stock.take` calls `Stock.check`. (`stock.py:4-5,10-12`)"
    ]


def test_a_paragraph_beside_a_listing_does_not_name_its_lines_again(
    writer: PageWriter,
) -> None:
    listing = {"kind": "code", **lines("stock.py", 10, 14)}
    inside = prose("`Stock.take` counts.", lines("stock.py", 12, 13))
    other = prose("`Stock.check` raises.", lines("stock.py", 16, 19))
    before, _, after, last = written(
        writer, inside, listing, other, inside
    ).texts
    assert before == "`Stock.take` counts."
    assert after == "`Stock.check` raises. (`stock.py:16-19`)"
    assert last == "`Stock.take` counts. (`stock.py:12-13`)"


def test_a_listing_is_copied_from_the_file(writer: PageWriter) -> None:
    block = {"kind": "code", **lines("stock.py", 16, 19)}
    (text,) = written(writer, block).texts
    assert text == (
        "`stock.py:16-19`\n\n```python\n"
        "    def check(self, number: int) -> None:\n"
        '        """Refuse too many."""\n'
        "        if number > self.count:\n"
        "            raise ValueError('not so many')\n```"
    )


def test_calls_of_a_type_to_itself_are_not_drawn(writer: PageWriter) -> None:
    result = written(writer, {"kind": "calls", "ids": ["K1"]})
    assert result.texts == []
    assert result.faults == []


def drawing(*arrows: tuple[str, str, str], **texts: str) -> dict[str, Any]:
    """Return a drawing whose arrows refer to one method."""
    boxes = {
        "till": "The till",
        "stock": "`Stock.take`",
        "left": "What is left",
    }
    rests = [lines("stock.py", 10, 12)]
    given = arrows or (("till", "stock", "asks"), ("stock", "left", ""))
    return {
        "kind": "drawing",
        "nodes": [
            {"id": key, "text": text} for key, text in (boxes | texts).items()
        ],
        "arrows": [
            {"from": start, "to": end, "text": text, "sources": rests}
            for start, end, text in given
        ],
    }


def drawing_writer(writer: PageWriter, drawings: int = 1) -> PageWriter:
    return PageWriter(writer.renderer, writer.verifier, drawings=drawings)


def test_a_drawing_is_written_with_the_places_of_its_arrows(
    writer: PageWriter,
) -> None:
    result = written(drawing_writer(writer), drawing())
    assert result.faults == []
    assert result.texts == [DRAWN]


DRAWN = (
    '```mermaid\nflowchart TD\n  n0["The till"]\n  n1["Stock.take"]\n'
    '  n2["What is left"]\n  n0 -->|"asks"| n1\n  n1 --> n2\n```\n\n'
    "(`stock.py:10-12`)"
)


def test_an_arrow_that_names_no_code_needs_no_sources(
    writer: PageWriter,
) -> None:
    block = drawing(
        *(("till", "left", "asks"), ("left", "stock", "")), till="A buyer"
    )
    block["arrows"][0]["sources"] = []
    result = written(drawing_writer(writer), block)
    assert result.faults == []
    assert len(result.texts) == 1


def test_a_drawing_is_drawn_on_the_site() -> None:
    markdown = Markdown()
    html = markdown.render(markdown.parse(DRAWN), lambda _: None)
    assert '<figure class="diagram"' in html
    assert "undrawn" not in html
    for text in ("The till", "Stock.take", "What is left", "asks"):
        assert f">{text}</text>" in html


def test_the_texts_of_a_drawing_cannot_end_it(writer: PageWriter) -> None:
    block = drawing(till='x"] --> y', left="a|b%%{}%%; ``")
    (text,) = written(drawing_writer(writer), block).texts
    assert 'n0["x#34;#93; --#62; y"]' in text
    assert 'n2["a#124;b#37;#37;#123;#125;#37;#37;#59;"]' in text


def without_sources() -> dict[str, Any]:
    block = drawing()
    block["arrows"][0]["sources"] = []
    return block


def without_any_sources() -> dict[str, Any]:
    block = drawing(stock="The stock")
    for arrow in block["arrows"]:
        arrow["sources"] = []
    return block


def twice_the_same_id() -> dict[str, Any]:
    block = drawing()
    block["nodes"][2]["id"] = "till"
    block["nodes"].append({"id": "left", "text": "What is left"})
    return block


def unseen_lines() -> dict[str, Any]:
    block = drawing()
    block["arrows"][0]["sources"] = [lines("other.py", 1, 2)]
    return block


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (
            without_sources(),
            "the arrow from `till` to `stock` names code: add the lines",
        ),
        (without_any_sources(), "no arrow has `sources`"),
        (twice_the_same_id(), "two nodes have the id `till`"),
        (unseen_lines(), "no lines of the file `other.py` were shown"),
        (
            drawing(("till", "stock", ""), ("stock", "nowhere", "")),
            "an arrow names `nowhere`, which is no node",
        ),
        (drawing(left=""), "the node `left` has no text"),
        (
            drawing(left="`nosuchname`"),
            "the name `nosuchname` is nowhere in the code",
        ),
        (drawing(left="no_such_name"), "nowhere in the code"),
        (drawing(left="<b>here</b>"), "prose must not hold HTML"),
        (
            drawing(
                ("till", "left", "asks"),
                ("left", "check", "`Stock.check`"),
                ("stock", "check", "calls"),
                stock="Stock.check",
                check="Stock.take",
            ),
            "the source does not bear out “`Stock.check` calls `Stock.take`”",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_faulty_drawing_is_left_out_and_named(
    writer: PageWriter, block: dict[str, Any], fault: str
) -> None:
    result = written(drawing_writer(writer), block)
    assert result.texts == []
    assert any(fault in reason for reason in result.faults)


@pytest.mark.parametrize("drawings", [0, 1])
def test_a_page_has_the_drawings_that_it_may_have(
    writer: PageWriter, drawings: int
) -> None:
    result = written(drawing_writer(writer, drawings), drawing(), drawing())
    assert len(result.texts) == drawings
    assert "there is no room for this drawing on the page" in result.faults[-1]


CALLING = {
    "README.md": "# Shop\n\nShop is a library that sells.\n",
    "shop.py": '"""Sells."""\n\n\n'
    "class Till:\n"
    '    """Take money."""\n\n'
    "    def pay(self) -> None:\n"
    "        self.ring()\n\n"
    "    def ring(self) -> None:\n"
    "        pass\n\n"
    "    def shut(self) -> None:\n"
    "        pass\n\n\n"
    "class Shelf:\n"
    '    """Hold things."""\n\n'
    "    def take(self) -> None:\n"
    "        pass\n\n\n"
    "class Shop:\n"
    '    """Sell things."""\n\n'
    "    def __init__(self, till: Till, shelf: Shelf) -> None:\n"
    "        self.till = till\n"
    "        self.shelf = shelf\n\n"
    "    def sell(self, till: Till, shelf: Shelf) -> None:\n"
    "        shelf.take()\n"
    "        self.note()\n"
    "        till.pay()\n"
    "        till.shut()\n\n"
    "    def note(self) -> None:\n"
    "        pass\n\n\n"
    "def audit(till: Till) -> None:\n"
    "    till.pay()\n",
}


def test_a_drawing_follows_calls_from_the_function_that_begins(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, CALLING)
    calls = [
        CallSite(
            caller=facts.definitions[source], called=call, line=0, inner=""
        )
        for source in range(len(facts.definitions))
        for _, call in facts.calls(source)
    ]
    calls.sort(key=lambda site: site.caller.name != "sell")
    drawing = of_calls(facts, calls)
    assert drawing == (
        "sequenceDiagram\n  participant p0 as Shop.sell()\n"
        "  participant p1 as Shelf\n  participant p2 as Till\n"
        "  p0->>p1: take()\n  p0->>p2: pay()\n  p0->>p2: shut()"
    )
    assert list(DiagramChecker(facts).faults(drawing)) == []
    is_drawn = [bool(of_calls(facts, calls[:most])) for most in (3, 4)]
    assert is_drawn == [False, True]


def test_relations_are_drawn_only_if_they_are_connected(tmp_path: Path) -> None:
    facts = read(tmp_path, CALLING)
    relation = facts.analysis.relations[0]
    ends = [
        definition.index
        for definition in facts.definitions
        if definition.parent is None
    ]
    chain = [
        replace(relation, subject=source, object=target)
        for source, target in pairwise(ends)
    ]
    assert "Till" in of_relations(facts, chain)
    assert of_relations(facts, [chain[0], chain[2]]) == ""


def test_written_code_is_marked(writer: PageWriter) -> None:
    code = "from stock import Stock\n\nprint(Stock(3).take(1))"
    block = example(code, file="take.py", prints="2")
    (text,) = written(writer, block).texts
    assert text == (
        f"✎ Example `take.py`:\n\n```python\n{code}\n```\n\n"
        "It prints:\n\n```text\n2\n```"
    )


def test_an_output_keeps_the_indentation_of_its_first_line(
    writer: PageWriter,
) -> None:
    program = example("print('  a\\n b')", prints="\n  a\n b\n\n")
    (text,) = written(writer, program).texts
    assert text.endswith("It prints:\n\n```text\n  a\n b\n```")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "it prints something: give its whole output in `prints`"),
        ({"file": "stock.py", "prints": "3"}, "is a file of the project"),
        ({"file": "../a.py", "prints": "3"}, "is no name for the file"),
    ],
)
def test_a_program_has_its_own_file_and_output(
    writer: PageWriter, fields: dict[str, str], fault: str
) -> None:
    result = written(writer, example("print(3)", **fields))
    assert result.texts == []
    assert any(fault in found for found in result.faults)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (lines("stock.py", 1, 2), "`kind` must be a text"),
        ({"kind": "poem"}, "'poem' is not a kind of block"),
        ("text", "an object was expected"),
        ({"kind": "prose", "text": 3, "sources": []}, "`text` must be a text"),
        (prose(""), "there is nothing in it"),
        (prose("x" * 4001), "at most 4000 are allowed"),
        (prose("Some <b>bold</b> words."), "prose must not hold HTML"),
        (prose("See [[7]]."), "there is no chapter [[7]]"),
        (prose("It calls `Stock.give`."), "`Stock` has no `give`"),
        ({"kind": "code", **lines("gone.py", 1, 2)}, "were shown"),
        ({"kind": "code", **lines("other.py", 1, 2)}, "were shown"),
        ({"kind": "code", **lines("stock.py", 9, 900)}, "has only 19 lines"),
        ({"kind": "code", **lines("stock.py", 9, 2)}, "are no lines"),
        ({"kind": "code", **lines("../../etc/passwd", 1, 2)}, "were shown"),
        ({"kind": "calls", "ids": ["K99"]}, "there is no `K99` in the list"),
        ({"kind": "relations", "ids": ["R99"]}, "there is no `R99`"),
        ({"kind": "commands", "ids": ["rm -r /"]}, "there is no `rm -r /`"),
    ],
)
def test_a_block_with_a_fault_is_left_out_and_named(
    writer: PageWriter, block: object, fault: str
) -> None:
    result = written(writer, block, prose("All is well."))
    assert result.texts == ["All is well."]
    assert any(fault in reason for reason in result.faults)
    assert all(reason.startswith("here, block 1: ") for reason in result.faults)


def test_a_line_that_was_not_shown_between_those_that_were_is_a_fault(
    writer: PageWriter,
) -> None:
    shown = writer.renderer.material.shown
    shown._numbers["stock.py"] -= {12}
    block = {"kind": "code", **lines("stock.py", 10, 14)}
    assert written(writer, block).faults == [
        "here, block 1: line 12 of `stock.py` was not shown"
    ]


def test_lines_are_listed_once(writer: PageWriter) -> None:
    block = {"kind": "code", **lines("stock.py", 16, 19)}
    assert len(written(writer, block, block).faults) == 1


def test_prose_on_behaviour_needs_its_lines(writer: PageWriter) -> None:
    block = prose("`Stock.take` counts down.")
    assert written(writer, block).faults == []
    (fault,) = written(writer, block, needs_sources=True).faults
    assert "add the lines" in fault


@pytest.mark.parametrize(
    "following",
    [
        {"kind": "code", **lines("stock.py", 16, 19)},
        {"kind": "calls", "ids": ["K1"]},
        prose("- `Stock.check` is called.", lines("stock.py", 10, 12)),
    ],
)
def test_a_paragraph_that_leads_to_a_block_with_places_needs_none(
    writer: PageWriter, following: dict[str, Any]
) -> None:
    block = prose("Look at `Stock.check`.")
    assert written(writer, block, following, needs_sources=True).faults == []
    result = written(writer, following, block, needs_sources=True)
    assert "add the lines" in result.faults[-1]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("So do not call `take()` without a `Stock`.", 0),
        ("So do not call `check()` without a `Stock`.", 1),
    ],
)
def test_advice_behind_an_example_rests_on_it(
    writer: PageWriter, text: str, faults: int
) -> None:
    code = "from stock import Stock\n\nStock(3).take(1)"
    result = written(writer, example(code), prose(text), needs_sources=True)
    assert len(result.faults) == faults


def test_a_range_that_ends_one_line_too_late_is_clipped(
    writer: PageWriter,
) -> None:
    writer.renderer.material.shown._numbers["stock.py"] -= {14}
    source = prose("`Stock.take` counts down.", lines("stock.py", 10, 14))
    listing = {"kind": "code", **lines("stock.py", 12, 14)}
    result = written(writer, source, prose("It is so."), listing)
    assert result.faults == []
    assert result.texts[0].endswith("(`stock.py:10-13`)")
    assert result.texts[2].startswith("`stock.py:12-13`")
    late = prose("`Stock.take` counts down.", lines("stock.py", 10, 15))
    assert "line 14" in written(writer, late).faults[0]
    alone = prose("`Stock.take` counts down.", lines("stock.py", 14, 14))
    assert "line 14" in written(writer, alone).faults[0]


def test_a_keyword_is_not_a_name(writer: PageWriter) -> None:
    block = prose("The check is not inside of `try`.")
    assert written(writer, block, needs_sources=True).faults == []


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (
            "All is well. It calls `Stock.give`. So it `is.` Good.",
            "All is well. So it `is.` Good.",
        ),
        (
            "- `Stock.take` is one.\n- `Stock.give` is another. Really.",
            "- `Stock.take` is one.",
        ),
        ("It calls `Stock.give`. See [[7]].", ""),
    ],
)
def test_sentences_with_faults_are_left_out_of_a_paragraph(
    writer: PageWriter, text: str, rest: str
) -> None:
    result = written(writer, prose(text))
    assert len(result.faults) >= 1
    assert result.texts == ([rest] if rest else [])


def test_sources_that_were_not_shown_are_left_out(
    writer: PageWriter,
) -> None:
    text = "`Stock.take` counts."
    block = prose(text, lines("stock.py", 10, 12), lines("gone.py", 1, 2))
    result = written(writer, block, needs_sources=True)
    assert len(result.faults) == 1
    assert result.texts == [f"{text} (`stock.py:10-12`)"]


def test_only_code_that_is_not_huge_gives_names() -> None:
    code = "print(3)"
    blocks = [{"code": code}, {"code": "x" * 4001}, {"code": 3}, "code"]
    answer = {"parts": [{"blocks": blocks}], "code": ["y"]}
    assert example_codes(answer) == [code]


def test_the_places_of_a_list_are_below_it(writer: PageWriter) -> None:
    text = "1. It is so.\n2. It stays so."
    block = prose(text, lines("stock.py", 1, 1))
    [kept] = written(writer, block).blocks
    assert kept.text.endswith("2. It stays so.\n\n(`stock.py:1`)")
