"""Names without the white space that block scalars leave around them."""

import pytest
import yaml

from worker.engines.fondation.yaml_names import normalized

ABSTRACTIONS, ORDER = "step1_abstractions.yaml", "step3_order.yaml"


def test_names_of_the_order_are_stripped_and_nothing_else_is_changed() -> None:
    first = (
        "  - index: 1\n    name: |\n      Größe\n    reasoning: |\n      so\n"
    )
    body = f'order:\n{first}  - {{index: 2, name: " B ", x: 1}}\n'
    assert yaml.safe_load(normalized(ORDER, body.encode())) == {
        "order": [
            {"index": 1, "name": "Größe", "reasoning": "so\n"},
            {"index": 2, "name": "B", "x": 1},
        ]
    }


def test_names_of_abstractions_are_stripped() -> None:
    body = b"- name: >\n    A thing\n  description: d\n  file_paths: [a]\n"
    assert yaml.safe_load(normalized(ABSTRACTIONS, body)) == [
        {"name": "A thing", "description": "d", "file_paths": ["a"]}
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ORDER, b"order:   # as it was\n  - {index: 1, name: A}\n"),
        (ORDER, b"```yaml\norder:\n  - index: 1\n    name: |\n      A\n```\n"),
        (ORDER, b"order: {a: ' b '}\n"),
        (ORDER, b"order: [1, null, {name: 7}, [x]]\n"),
        (ORDER, b"- a: *unknown\n"),
        (ORDER, b"order: 2001-99-99\n"),
        (ORDER, b"\xff\xfe\n"),
        (ORDER, b"[" * 20000),
        (ABSTRACTIONS, b"just text\n"),
        ("step2_relationships.yaml", b"relationships: [{name: ' x '}]\n"),
        ("chapters/chapter_1_a.md", b"- name: ' x '\n"),
    ],
)
def test_text_that_needs_no_change_or_cannot_be_fixed_is_unchanged(
    path: str, body: bytes
) -> None:
    assert normalized(path, body) == body
