"""The places behind a paragraph, as the HTML pages show them."""

import pytest

from tests.support.course_pages import article

PLACE = "<code>src/a.py:3-9,12</code>"


def note(*codes: str) -> str:
    return f'<small class="places">({", ".join(codes)})</small>'


def test_places_behind_a_paragraph_are_a_note() -> None:
    html = article("It *signs*. (`src/a.py:3-9,12`, `docs/b.rst:3`)").strip()
    places = note(PLACE, "<code>docs/b.rst:3</code>")
    assert html == f"<p>It <em>signs</em>. {places}</p>"


def test_places_below_a_list_are_a_paragraph_of_their_own() -> None:
    html = article("- One.\n- Two.\n\n(`src/a.py:3-9,12`)")
    assert f'</ul>\n<p class="places">{note(PLACE)}</p>' in html


def test_places_behind_the_last_item_of_a_list_are_a_note() -> None:
    html = article("- One.\n- Two. (`src/a.py:3-9,12`)")
    assert f"<li>Two. {note(PLACE)}</li>" in html


@pytest.mark.parametrize(
    "text",
    [
        "(`src/a.py:3`) is where.",
        "It signs (see `src/a.py:3`)",
        "It signs (`src/a.py:3` and more)",
        "It signs (`src/a.py:3`, )",
        "It signs (`src/a.py`)",
        "It signs (`a.py:3`, *b*)",
        "f(`src/a.py:3`)",
        "()",
        "`src/a.py:3`)",
        "`src/a.py:3`",
        "# Here (`src/a.py:3`)",
        "> ```\n> (`src/a.py:3`)\n> ```",
    ],
)
def test_other_text_is_not_a_note(text: str) -> None:
    assert "<small" not in article(text)


def test_markup_in_a_place_is_text() -> None:
    html = article('It. (`<b onclick="x">:3`)')
    assert note("<code>&lt;b onclick=&quot;x&quot;&gt;:3</code>") in html
