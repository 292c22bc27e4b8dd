"""The files of a course, as engines may write them."""

from collections.abc import Mapping

import pytest
import yaml

from states.stages import Stage
from worker.course.formats import (
    MAX_ITEM_BYTES,
    InvalidItemError,
    Rules,
    read_abstractions,
    read_order,
    read_relationships,
)

ABSTRACTIONS = yaml.safe_dump(
    [
        {"name": name, "description": "d", "file_paths": ["a.py"]}
        for name in ("Context", "Term UI\n")
    ]
).encode()
ORDER = yaml.safe_dump(
    {
        "order": [
            {"index": 2, "name": "Context", "reasoning": ""},
            {"index": 1, "name": "Term UI", "reasoning": "r"},
        ]
    }
).encode()
OUTPUTS = {"step1_abstractions.yaml": ABSTRACTIONS, "step3_order.yaml": ORDER}


def fault(
    stage: Stage, path: str, body: bytes, outputs: Mapping[str, bytes] = OUTPUTS
) -> str:
    return Rules(stage, outputs).fault(path, body) or ""


def test_texts_are_stripped_when_they_are_read() -> None:
    assert [entry.name for entry in read_abstractions(ABSTRACTIONS)] == [
        "Context",
        "Term UI",
    ]


def test_an_order_is_read_by_its_indexes() -> None:
    order = read_order(ORDER, read_abstractions(ABSTRACTIONS))
    assert [(entry.index, entry.name, entry.reasoning) for entry in order] == [
        (1, "Term UI", "r"),
        (2, "Context", ""),
    ]


def test_relationships_are_read() -> None:
    text = (
        b"{summary: s, relationships: [{from_abstraction: 0, "
        b"to_abstraction: 1, label: l, evidence: ''}]}"
    )
    summary, [entry] = read_relationships(text, read_abstractions(ABSTRACTIONS))
    assert summary == "s"
    assert entry.source == 0
    assert entry.target == 1
    assert entry.label == "l"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "must be a list, not NoneType"),
        (b"[]", "names no abstraction"),
        (b"{a: 1}", "must be a list, not dict"),
        (b"[1]", r"step1_abstractions.yaml\[0\] must be a mapping"),
        (b"[{name: x}]", r"\[0\]: file_paths must be a list"),
        (
            b"[{name: x, description: d, file_paths: [1]}]",
            "file_paths must be strings",
        ),
        (
            b"[{name: ' ', description: d, file_paths: []}]",
            "name must be a string, and not empty",
        ),
        (
            (
                b"[{name: x, description: d, file_paths: []}, {name: "
                b"x, description: d, file_paths: []}]"
            ),
            "duplicate",
        ),
        (b"```yaml\n- name: x\n```", "is not YAML"),
        (b"a: [", "is not YAML"),
        (b"\xff", "is not UTF-8"),
        (b"!!python/object/apply:os.system ['id']", "is not YAML"),
        (b"[" * 5000, "is not YAML"),
    ],
)
def test_faulty_abstractions_are_refused_and_the_place_is_named(
    text: bytes, expected: str
) -> None:
    with pytest.raises(InvalidItemError, match=expected):
        read_abstractions(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{summary: '', relationships: []}", "summary must be a string"),
        ("{summary: s}", "relationships must be a list"),
        (
            (
                "{summary: s, relationships: [{from_abstraction: 2, "
                "to_abstraction: 0, label: l, evidence: e}]}"
            ),
            "from 0 to 1",
        ),
        (
            "{summary: s, relationships: [{from_abstraction: '0', to_abstraction: 0, label: l}]}",
            "from_abstraction is '0'",
        ),
        (
            "{summary: s, relationships: [{from_abstraction: true, to_abstraction: 0, label: l}]}",
            "is True",
        ),
    ],
)
def test_faulty_relationships_are_refused(text: str, expected: str) -> None:
    assert expected in fault(
        Stage.ANALYZE, "step2_relationships.yaml", text.encode()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{order: []}", "order is empty"),
        ("{order: [{index: 0, name: Context, reasoning: r}]}", "index is 0"),
        (
            "{order: [{index: 1, name: Nobody, reasoning: r}]}",
            "'Nobody' is not a name",
        ),
        (
            (
                "{order: [{index: 1, name: Context, reasoning: r}, {index: "
                "1, name: Term UI, reasoning: r}]}"
            ),
            "duplicate",
        ),
    ],
)
def test_faulty_orders_are_refused(text: str, expected: str) -> None:
    assert expected in fault(Stage.ORDER, "step3_order.yaml", text.encode())


def test_the_last_stages_write_a_file_for_every_entry_of_the_order() -> None:
    assert Rules(Stage.GENERATE_CHAPTERS, OUTPUTS).expected == (
        "chapters/chapter_1_term_ui.md",
        "chapters/chapter_2_context.md",
    )


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("chapters/chapter_1_term_ui.md", b"# Term UI\n", ""),
        ("chapters/chapter_1_term_ui.md", b"", "is empty"),
        ("chapters/chapter_1_term_ui.md", b" \n\t\n", "is empty"),
        ("chapters/chapter_1_term_ui.md", b"\xff\xfe", "is not UTF-8"),
        (
            "chapters/chapter_3_else.md",
            b"x",
            "is not a file that generate-chapters writes",
        ),
        ("../escape.md", b"x", "is not a file that generate-chapters writes"),
        (
            "chapters/chapter_1_term_ui.md",
            b"x" * (MAX_ITEM_BYTES + 1),
            "at most 8388608 are allowed",
        ),
    ],
)
def test_a_chapter_is_taken_only_if_it_is_expected_and_not_empty(
    path: str, body: bytes, expected: str
) -> None:
    assert expected in fault(Stage.GENERATE_CHAPTERS, path, body)
    assert bool(fault(Stage.GENERATE_CHAPTERS, path, body)) is bool(expected)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(240, ""), (241, "names of 256 bytes, and file systems allow 255")],
)
def test_a_name_that_cannot_be_a_files_is_refused_where_it_is_read(
    length: int, expected: str
) -> None:
    """`tutorial_99_` and `.md` are 15 bytes; a non-ASCII name has a byte for each character."""
    for name in (
        "A" * length,
        "\N{SNOWMAN}A" * (length // 2) + "A" * (length % 2),
    ):
        body = yaml.safe_dump(
            [{"name": name, "description": "d", "file_paths": []}]
        ).encode()
        message = fault(Stage.EXTRACT, "step1_abstractions.yaml", body)
        assert bool(message) is bool(expected)
        assert expected in message


def test_an_index_counts_as_part_of_a_files_name() -> None:
    name = "A" * 240
    outputs = {
        "step1_abstractions.yaml": yaml.safe_dump(
            [{"name": name, "description": "d", "file_paths": []}]
        ).encode()
    }
    for index, expected in ((99, ""), (100, "order[0]: the name 'AAAA")):
        body = yaml.safe_dump(
            {"order": [{"index": index, "name": name, "reasoning": ""}]}
        ).encode()
        message = fault(Stage.ORDER, "step3_order.yaml", body, outputs)
        assert expected in message
        assert bool(message) is bool(expected)


@pytest.mark.parametrize(
    "index", ["1000000", "0x1" + "0" * 5000, "-0x1" + "0" * 5000]
)
def test_an_index_of_any_size_is_refused_with_a_reason(index: str) -> None:
    text = f"{{order: [{{index: {index}, name: Context, reasoning: r}}]}}"
    assert "it must be a whole number from 1 to 999999" in fault(
        Stage.ORDER, "step3_order.yaml", text.encode()
    )
    relation = f"{{from_abstraction: {index}, to_abstraction: 0, label: l}}"
    related = f"{{summary: s, relationships: [{relation}]}}"
    assert "it must be a whole number from 0 to 1" in fault(
        Stage.ANALYZE, "step2_relationships.yaml", related.encode()
    )
