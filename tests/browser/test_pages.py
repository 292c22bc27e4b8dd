"""The pages of a course in a browser, opened from a folder without a network."""

import json
import re
from typing import Final
from urllib.parse import unquote

import pytest

from tests.browser.conftest import Site
from tests.support.browser import Tab

FENCE: Final = re.compile(r"^```mermaid$", re.MULTILINE)
TOO_FAR: Final = """
[...document.querySelectorAll("svg text")]
  .filter((text) => {
    const own = text.getBoundingClientRect();
    const all = text.closest("svg").getBoundingClientRect();
    return own.left < all.left || own.right > all.right
      || own.top < all.top || own.bottom > all.bottom;
  })
  .map((text) => text.textContent)
"""
"""The texts that reach beyond their diagram."""
OUTSIDE: Final = """
[...document.querySelectorAll("svg rect.node, svg rect.note, svg .frame-name")].flatMap((rect) => {
  const box = rect.getBoundingClientRect();
  return [...rect.closest("svg").querySelectorAll("text")]
    .filter((text) => {
      const own = text.getBoundingClientRect();
      const [x, y] = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
      const within = x > box.left && x < box.right && y > box.top && y < box.bottom;
      return within && (own.left < box.left || own.right > box.right);
    })
    .map((text) => text.textContent);
})
"""
"""The texts that are wider than their box."""
CONTRASTS: Final = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = "#fff";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "#fff";
  };
  const faint = [];
  for (const element of document.querySelectorAll("body :not(desc)")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const two = [light(ink), light(paper(element))].sort((a, b) => b - a);
    const contrast = (two[0] + 0.05) / (two[1] + 0.05);
    if (contrast < 4.5) faint.push(`${element.className} ${element.textContent}`);
  }
  return faint;
})()
"""
"""The texts whose contrast with their background is too low (WCAG AA)."""
LOOKS: Final = """
[...document.querySelectorAll("small.places")].map((note) => {
  const code = note.querySelector("code");
  const around = getComputedStyle(note.parentElement);
  const own = getComputedStyle(note);
  const box = getComputedStyle(code);
  const above = note.parentElement.previousElementSibling;
  return {
    smaller: parseFloat(own.fontSize) / parseFloat(around.fontSize),
    muted: own.color !== getComputedStyle(document.body).color,
    bare: box.backgroundColor === "rgba(0, 0, 0, 0)" && box.paddingLeft === "0px",
    gap: note.getBoundingClientRect().top - above.getBoundingClientRect().bottom,
    right: note.getBoundingClientRect().right,
    list: above.tagName === "UL",
  };
})
"""
"""How each note of places looks."""


@pytest.fixture(params=["real", "sample"])
def site(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue(request.param)
    return site


def test_every_page_loads_without_a_complaint_or_a_request_to_anywhere(
    tab: Tab, site: Site
) -> None:
    here = site.folder.as_uri()
    assert len(site.pages) > 2
    for page in site.pages:
        tab.open(page)
        assert tab.complaints == [], page
        assert [url for url in tab.requests if not url.startswith(here)] == []
        assert len(tab.requests) == 4
        assert tab.evaluate("document.querySelector('h1').textContent")


def test_every_diagram_is_drawn_with_its_texts_in_their_boxes(
    tab: Tab, real: Site
) -> None:
    drawn = 0
    for folder in ("reviewed-chapters", "tutorials"):
        for source in (real.folder / folder).iterdir():
            fences = len(FENCE.findall(source.read_text(encoding="utf-8")))
            tab.open(real.page(source.stem))
            assert (
                tab.evaluate("document.querySelectorAll('svg').length")
                == fences
            )
            assert tab.evaluate(TOO_FAR) == []
            assert tab.evaluate(OUTSIDE) == []
            drawn += fences
    assert drawn > 3


def test_diagrams_of_all_kinds_are_drawn_with_their_texts_in_their_boxes(
    tab: Tab, sample: Site
) -> None:
    tab.open(sample.page("chapter_1"))
    assert tab.evaluate("document.querySelectorAll('svg').length") == 3
    assert tab.evaluate(TOO_FAR) == []
    assert tab.evaluate(OUTSIDE) == []


def test_next_leads_through_the_whole_course(tab: Tab, real: Site) -> None:
    seen = []
    tab.open(real.folder / "index.html")
    tab.events.clear()
    tab.evaluate("document.querySelector('.begin a').click()")
    while True:
        tab.loaded()
        seen.append(tab.evaluate("document.querySelector('h1').textContent"))
        if not tab.evaluate("document.querySelector('[rel=next]') !== null"):
            break
        tab.events.clear()
        tab.evaluate("document.querySelector('[rel=next]').click()")
    assert len(seen) == len(set(seen)) == len(real.pages) - 1


def test_every_link_within_the_course_leads_to_what_it_names(
    tab: Tab, site: Site
) -> None:
    anchors: dict[str, set[str]] = {}
    for page in site.pages:
        tab.open(page)
        links = tab.evaluate("[...document.links].map((link) => link.href)")
        for link in links:
            target, _, anchor = link.partition("#")
            if not link.startswith("https://"):
                anchors.setdefault(target, set()).add(unquote(anchor))
    assert len(anchors) > 2
    for target, names in anchors.items():
        tab.open(target)
        shown = tab.evaluate("document.body.innerText")
        assert "ERR_FILE_NOT_FOUND" not in shown, target
        for name in names - {""}:
            exists = f"document.getElementById({json.dumps(name)}) !== null"
            assert tab.evaluate(exists), (target, name)


def test_search_finds_a_section_and_leads_to_it_by_keyboard_alone(
    tab: Tab, sample: Site
) -> None:
    tab.open(sample.folder / "index.html")
    tab.press("/", "/")
    assert tab.evaluate("document.activeElement.type") == "search"
    tab.write("want_byt tabl")
    tab.until("document.querySelectorAll('.results a').length === 1")
    tab.events.clear()
    tab.press("Enter", "\r")
    tab.loaded()
    tab.until("location.hash === '#a-table'")
    tab.until(
        "Math.abs(document.getElementById('a-table').getBoundingClientRect().top - 77) < 40"
    )


def test_search_says_when_there_is_nothing_and_closes(
    tab: Tab, sample: Site
) -> None:
    tab.open(sample.page("chapter_1"))
    tab.evaluate("document.querySelector('input').focus()")
    tab.write("xylophone <b>")
    tab.until(
        "document.querySelector('.results').innerText === 'Nothing was found.'"
    )
    tab.press("Escape")
    tab.until("document.querySelector('.results').hidden")
    assert tab.complaints == []


def test_results_are_reached_by_the_tab_key(tab: Tab, real: Site) -> None:
    tab.open(real.folder / "index.html")
    tab.evaluate("document.querySelector('input').focus()")
    tab.write("run")
    tab.until("document.querySelectorAll('.results a').length > 2")
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.closest('.results') !== null")


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_page_is_wider_than_the_screen(
    tab: Tab, site: Site, width: int
) -> None:
    tab.look(width)
    for page in site.pages:
        tab.open(page)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page
        size = tab.evaluate(
            "parseFloat(getComputedStyle(document.body).fontSize)"
        )
        assert size >= 16


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_have_enough_contrast_with_their_background(
    tab: Tab,
    site: Site,
    dark: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    tab.look(1280, dark=dark)
    for page in site.pages:
        tab.open(page)
        assert tab.evaluate(CONTRASTS) == [], page
    lightness = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", lightness)[0]) < 60) is dark


def test_the_contents_stay_beside_the_text_on_a_wide_screen(
    tab: Tab, real: Site
) -> None:
    tab.open(real.page("chapter_1"))
    tab.evaluate("scrollTo({top: 900, behavior: 'instant'})")
    top = "document.querySelector('.contents').getBoundingClientRect().top"
    assert 0 < tab.evaluate(top) < 100


def test_a_page_is_printed_without_what_paper_cannot_use_and_with_folds_open(
    tab: Tab, sample: Site
) -> None:
    tab.open(sample.page("chapter_1"))
    answer = """
        [...document.querySelectorAll('p')].find((p) => p.innerText.startsWith('The last of'))
          .checkVisibility({contentVisibilityAuto: true})
    """
    tab.look(794, media="print")
    assert tab.evaluate(answer)
    for hidden in (".bar", ".contents", ".steps"):
        style = f"getComputedStyle(document.querySelector('{hidden}')).display"
        assert tab.evaluate(style) == "none"
    assert tab.pdf().startswith(b"%PDF")
    assert (
        tab.evaluate("document.querySelectorAll('details:not([open])').length")
        == 0
    )


def test_the_policy_stops_what_might_get_through(
    tab: Tab, sample: Site
) -> None:
    """Even if the renderer let a script or an image through, it would have no effect."""
    tab.open(sample.page("chapter_2"))
    assert tab.complaints == []
    tab.evaluate(
        "document.querySelector('article').innerHTML = "
        '\'<img src=https://evil.example/x.png onerror="window.hit=1"><p style="color:red">x\''
    )
    tab.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: "
        "'window.hit=1'}))"
    )
    assert len(tab.complaints) >= 3
    assert all("Content Security Policy" in text for text in tab.complaints)
    assert tab.evaluate("window.hit") is None


def test_a_page_says_its_language_and_has_one_main_heading(
    tab: Tab, real: Site
) -> None:
    for page in real.pages:
        tab.open(page)
        assert tab.evaluate("document.documentElement.lang") == "en"
        assert tab.evaluate("document.querySelectorAll('h1').length") == 1
        assert tab.evaluate("document.querySelectorAll('main').length") == 1


def test_without_scripts_a_page_is_still_whole(tab: Tab, sample: Site) -> None:
    tab.command("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(sample.page("chapter_1"))
    tab.command("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.evaluate("document.querySelector('form').hidden")
    assert tab.evaluate("document.querySelectorAll('svg').length") == 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("media", ["", "print"])
def test_places_are_small_notes_near_what_they_belong_to(
    tab: Tab, sample: Site, width: int, media: str, *, dark: bool
) -> None:
    tab.look(width, dark=dark, media=media)
    tab.open(sample.page("chapter_1"))
    notes = tab.evaluate(LOOKS)
    assert [note["list"] for note in notes] == [False, True]
    for note in notes:
        assert note["smaller"] < 0.85
        assert note["muted"]
        assert note["bare"]
        assert note["right"] <= width
    assert 0 <= notes[1]["gap"] < 12
    assert tab.evaluate(CONTRASTS) == []
