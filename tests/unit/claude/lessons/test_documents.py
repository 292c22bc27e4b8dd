"""The sections of documents that a chapter's prompt shows."""

import re
from dataclasses import replace
from pathlib import Path

from tests.support.course_facts import chapter_of, read
from worker.engines.claude import documents
from worker.engines.claude.shown import Shown

_TITLE = re.compile(r"^<<<[0-9a-f]{12} (.*)$", re.MULTILINE)
FILES = {
    "README.md": "# Shop\n\nShop is a shop with a `Till`.\n\n"
    "## Sponsors\n\nTill Ltd. sponsors the `Till`.\n",
    "shop/till.py": '"""Keeps money."""\n\n\n'
    "class Till:\n"
    '    """Keep money."""\n\n'
    "    def take_all(self):\n"
    "        return 1\n" + "\n\ndef count(coins):\n    return coins\n" * 30,
    **{
        f"docs/a{number}.md": f"# Part {number}\n\nIt has a `Till`.\n"
        for number in range(40)
    },
    "docs/zoo/tills.md": "# Money\n\nMake a `Till()`, then call `till.take_all()`.\n\n"
    "## Tills\n\nA `Till` keeps money.\n\n## Weather\n\nIt rains.\n",
    "docs/zoo/again.md": "# Again\n\n## Tills\n\nA `Till` keeps money.\n",
    "docs/whatsnew.md": "# Till\n\n`Till`, `Till` and `Till` are new.\n",
}


def test_the_most_telling_code_of_a_subject_is_shown_wherever_it_is(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, FILES)
    text = documents.rendered(facts, chapter_of(facts, "Till"), Shown(facts))
    titles = _TITLE.findall(text)
    assert titles[0] == "docs/zoo/tills.md"
    assert "take_all" in text
    assert text.count("A `Till` keeps money.") == 1
    assert "It rains" not in text


def test_the_readme_and_news_are_not_shown_as_documents(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, FILES)
    text = documents.rendered(facts, chapter_of(facts, "Till"), Shown(facts))
    assert "README.md" not in text
    assert "whatsnew" not in text


def test_a_section_counts_whose_title_has_the_name_that_users_write(
    tmp_path: Path,
) -> None:
    more = "# More\n\n## Cash\n\nCoins go here.\n\n## API\n\n" + (
        ".. autoclass:: Till\n" * 9
    )
    facts = read(tmp_path, {**FILES, "docs/zoo/more.md": more})
    chapter = chapter_of(facts, "Till")
    told = replace(chapter, description="Money is in `cash` (`Till`)")
    text = documents.rendered(facts, told, Shown(facts))
    assert "Coins go here." in text
    ranked = [section.title for section in documents._ranked(facts, told)]
    assert ranked.index("API") > ranked.index("Cash")
    assert "Cash" not in {
        section.title for section in documents._ranked(facts, chapter)
    }
