"""True pages of real repositories, falsified one claim at a time: each must be refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.lessons import (
    course_verifier,
    make_course,
    own_repository,
    package,
)
from worker.engines.claude.blocks import Lines
from worker.engines.claude.commands import commands_of
from worker.engines.claude.questions import Questions
from worker.engines.claude.verify.fault import CheckedClaim
from worker.engines.claude.verify.page import Verifier
from worker.engines.claude.words import words_of
from worker.engines.static.pages.course import CourseFacts

WRITTEN = "✎ Example `mine.py`:"
COMPOSED = "flowchart TD"
FRENCH = f"{words_of('French').written}:"


@dataclass(frozen=True)
class Course:
    facts: CourseFacts
    verifier: Verifier
    pages: dict[str, str]

    def page(self, mark: str) -> str:
        """Return a page that holds a text."""
        return next(page for page in self.pages.values() if mark in page)


def made(source: Path, output: Path) -> Course:
    make_course(source, output)
    facts, verifier = course_verifier(source, output)
    pages = {
        str(path.relative_to(output)): path.read_text().rstrip("\n")
        for path in sorted(output.rglob("*.md"))
    }
    return Course(facts, verifier, pages)


class Courses(dict[str, Course]):
    """Courses by repository, each made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> Course:
        source = self._folder / name
        if name == "own":
            own_repository(source)
        else:
            package(name, source)
        self[name] = made(source, self._folder / f"{name}-course")
        return self[name]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Courses:
    return Courses(tmp_path_factory.mktemp("courses"))


def test_the_line_that_shows_a_relation_can_be_pointed_at(
    courses: Courses,
) -> None:
    facts = courses["click"].facts
    shown = Questions(facts, "English").overview_lines()
    relations = facts.analysis.relations
    assert relations
    for relation in relations:
        line = Lines(relation.path, relation.line, relation.line)
        assert shown.fault(line) == ""


@pytest.mark.parametrize("name", ["click", "own"])
def test_a_course_from_good_answers_has_no_fault(
    courses: Courses, name: str
) -> None:
    course = courses[name]
    faults = {
        path: course.verifier.faults(page)
        for path, page in course.pages.items()
    }
    assert {
        path: page_faults for path, page_faults in faults.items() if page_faults
    } == {}


SENTENCES = [
    (CheckedClaim.SYMBOL, "click", "`Context`", "`Contxt`"),
    (CheckedClaim.SYMBOL, "own", "`read_order()`", "`read_ordr()`"),
    (
        CheckedClaim.SYMBOL,
        "click",
        "`Group.add_command`",
        "`Groop.add_command`",
    ),
    (CheckedClaim.MEMBER, "click", "`Context.invoke`", "`Context.add_command`"),
    (
        CheckedClaim.MEMBER,
        "click",
        "`Group.make_context`",
        "`Group.prompt_for_value`",
    ),
    (CheckedClaim.MEMBER, "own", "`Rules.fault`", "`Rules.holds_lease`"),
    (
        CheckedClaim.SIGNATURE,
        "click",
        "`Context.fail(message)`",
        "`Context.fail(message, 3)`",
    ),
    (
        CheckedClaim.SIGNATURE,
        "click",
        "`Context.fail(message=text)`",
        "`Context.fail(code=text)`",
    ),
    (
        CheckedClaim.SIGNATURE,
        "click",
        "`class Group(Command)`",
        "`class Group(Option)`",
    ),
    (
        CheckedClaim.SIGNATURE,
        "own",
        "`def valid_job_id(job_id: str) -> bool`",
        "`def valid_job_id(job_id: bytes) -> bool`",
    ),
    (
        CheckedClaim.CALL,
        "click",
        "`Command.main` calls `Command.make_context`.",
        "`Command.make_context` calls `Command.main`.",
    ),
    (
        CheckedClaim.CALL,
        "own",
        "`checkpoints_prefix` calls `str`.",
        "`checkpoints_prefix` calls `valid_job_id`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "click",
        "`Group` extends `Command`.",
        "`Command` extends `Group`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "click",
        "`UsageError` is a subclass of `ClickException`.",
        "`UsageError` is a subclass of `Parameter`.",
    ),
    (
        CheckedClaim.IMPORT,
        "click",
        "`from click.formatting import HelpFormatter`",
        "`from click.globals import HelpFormatter`",
    ),
    (
        CheckedClaim.IMPORT,
        "own",
        "`from states.keys import call_key`",
        "`from states.kees import call_key`",
    ),
    (
        CheckedClaim.IMPORT,
        "click",
        "`core.py` imports `HelpFormatter`.",
        "`globals.py` imports `HelpFormatter`.",
    ),
    (
        CheckedClaim.FAILURE,
        "click",
        "`Context.fail` raises `UsageError`.",
        "`Context.fail` raises `NoSuchOption`.",
    ),
    (
        CheckedClaim.PLACE,
        "click",
        "It is at `click/core.py:12`.",
        "It is at `click/core.py:90012`.",
    ),
    (CheckedClaim.PATH, "click", "`click/core.py`", "`click/kore.py`"),
    (CheckedClaim.PATH, "own", "`worker/run/`", "`worker/runs/`"),
    (
        CheckedClaim.COMMAND,
        "own",
        "Type `docker compose up`.",
        "Type `pip install something-else`.",
    ),
    (CheckedClaim.FLAG, "click", "`--help`", "`--helb`"),
    (CheckedClaim.FLAG, "own", "`--older-than`", "`--older-then`"),
    (CheckedClaim.VARIABLE, "click", "`COMP_WORDS`", "`COMP_WORTS`"),
    (
        CheckedClaim.VARIABLE,
        "own",
        "`STORE_GIVE_UP_SECONDS`",
        "`STORE_GIVE_UP_HOURS`",
    ),
    (CheckedClaim.MARKUP, "click", "Here it is.", "Here <b>it</b> is."),
    (
        CheckedClaim.LEFTOVER,
        "click",
        "It is so.",
        "As an AI language model, I think that it is so.",
    ),
    (CheckedClaim.LEFTOVER, "click", "It is so.", "TODO: say more."),
    (
        CheckedClaim.LANGUAGE,
        "click",
        "The value is kept for the next call, and that is all there is to it.",
        "Der Wert wird für den nächsten Aufruf aufgehoben, und das ist es auch.",
    ),
    (CheckedClaim.LENGTH, "click", "Short.", "A long story. " * 200),
    (
        CheckedClaim.EXAMPLE,
        "click",
        f"{WRITTEN}\n\n```python\nimport click\n\nclick.echo('hello')\n```",
        f"{WRITTEN}\n\n```python\nclick.echo('hello')\n```",
    ),
    (
        CheckedClaim.IMPORT,
        "click",
        f"{WRITTEN}\n\n```python\nfrom click import echo\n\necho('x')\n```",
        f"{WRITTEN}\n\n```python\nfrom click import ekko\n\nekko('x')\n```",
    ),
    (
        CheckedClaim.SIGNATURE,
        "click",
        f"{WRITTEN}\n\n```python\nfrom click import echo\n\necho('x', nl=False)\n```",
        f"{WRITTEN}\n\n```python\nfrom click import echo\n\necho('x', end='')\n```",
    ),
    (
        CheckedClaim.SYMBOL,
        "click",
        f"{WRITTEN}\n\n```python\nimport click\n\nclick.secho('x')\n```",
        f"{WRITTEN}\n\n```python\nimport click\n\nclick.seccho('x')\n```",
    ),
]
BY_COURSE = sorted(SENTENCES, key=lambda row: row[1])


@pytest.mark.parametrize(
    ("claim", "name", "true", "false"),
    BY_COURSE,
    ids=lambda value: str(value)[:40],
)
def test_a_false_claim_in_a_sentence_is_noticed(
    courses: Courses, claim: CheckedClaim, name: str, true: str, false: str
) -> None:
    course = courses[name]
    page = next(iter(course.pages.values()))
    assert course.verifier.faults(f"{page}\n\n{true}") == []
    page_faults = course.verifier.faults(f"{page}\n\n{false}")
    assert claim in {fault.claim for fault in page_faults}


EXAMPLE = """import base64
import time
from fractions import Fraction

import click

ORDERS = {"Ann": 3}


class Seller(click.Command):
    pass


@click.group()
def shop():
    try:
        raise ConnectionError(complex(1), Fraction(2))
    except ZeroDivisionError as error:
        raise SystemExit from error


@shop.command()
@click.option("--buyer")
def sell_one(buyer):
    time.sleep(type(buyer) is not str)
    base64.urlsafe_b64decode(buyer)


shop()"""
OWN = f"{WRITTEN}\n\n```python\n{EXAMPLE}\n```"
UNBOUND = "import click\n\nclick.echo(greeting)"


@pytest.mark.parametrize(
    "true",
    [
        OWN,
        f"{OWN}\n\nThen `sell_one` asks `Seller`, by `--buyer`, for `ORDERS`.",
        f"{OWN}\n\nSave it as `shop.py`; `shop.command` takes `Ann`.",
        f"{OWN}\n\n```bash\npip install click\n```",
        f"{WRITTEN}\n\n```html\n<h1>Zaphod</h1>\n```",
        "Wait by `time.sleep(3)`, or by `type(value)` of `SimpleNamespace`.",
        "It answers with `application/json` at `/user/Zaphod`.",
        "The browser sends `user=zaphod`. Derive `MyCommand` from `Command`.",
        "The file `../click/core.py` is above; type `.venv/bin/python`.",
        "An object `decorators.zip` may be there. (`click/core.py:1-9`)",
        "- `Context` is first.\n- `main` is last. (`click/core.py:1-9,200-800`)",
        "`TypeError` is raised by `isinstance`. (`click/core.py:1-9`)",
        "Here it is. With `Context` it is another. (`click/core.py:1-9`)",
    ],
    ids=lambda text: text[-40:],
)
def test_a_true_sentence_is_not_refused(courses: Courses, true: str) -> None:
    verifier = courses["click"].verifier
    page = f"{true}\n\n```bash\npip install click\n```"
    claims = [
        (fault.claim, fault.text)
        for fault in verifier.faults(page)
        if fault.claim is not CheckedClaim.COMMAND
    ]
    assert claims == []


def test_an_example_that_does_not_run_is_refused_with_line_and_name(
    courses: Courses,
) -> None:
    page = f"{WRITTEN}\n\n```python\n{UNBOUND}\n```"
    (fault,) = courses["click"].verifier.faults(page)
    assert fault.text == (
        "the example: it does not run as it stands: line 3 uses `greeting`, "
        "which it neither imports nor defines"
    )


def test_names_of_an_example_are_known_on_its_page_alone(
    courses: Courses,
) -> None:
    verifier = courses["click"].verifier
    sentence = "`sell_one` is called."
    assert verifier.knowing([EXAMPLE]).faults(sentence) == []
    (fault,) = verifier.faults(sentence)
    assert fault.claim is CheckedClaim.SYMBOL


def test_a_name_that_only_an_example_calls_is_not_made_true_by_it(
    courses: Courses,
) -> None:
    page = f"{WRITTEN}\n\n```python\nimport click\n\nclick.seccho('x')\n```"
    verifier = courses["click"].verifier
    page_faults = verifier.faults(f"{page}\n\n`click.seccho` prints.")
    assert CheckedClaim.SYMBOL in {fault.claim for fault in page_faults}


TRANSLATED = [
    (
        CheckedClaim.CALL,
        "German",
        "`Command.main` ruft `Command.make_context` auf.",
        "`Command.make_context` ruft die Methode `Command.main` auf.",
    ),
    (
        CheckedClaim.CALL,
        "German",
        "Dann ruft `Command.main` die Methode `Command.make_context` auf.",
        "Dann ruft `Command.make_context` `Command.main` auf.",
    ),
    (
        CheckedClaim.CALL,
        "French",
        "`Command.main` appelle la méthode `Command.make_context`.",
        "`Command.make_context` appelle `Command.main`.",
    ),
    (
        CheckedClaim.CALL,
        "Spanish",
        "`Command.main` llama al método `Command.make_context`.",
        "`Command.make_context` llama a `Command.main`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "German",
        "`Group` erbt von `Command`.",
        "`Command` erbt von der Klasse `Group`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "German",
        "Also erweitert `Group` die Klasse `Command`.",
        "Also erbt `Command` von `Group`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "French",
        "`Group` hérite de `Command`.",
        "`Command` est une sous-classe de `Group`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "Italian",
        "`Group` eredita dalla classe `Command`.",
        "`Command` estende `Group`.",
    ),
    (
        CheckedClaim.INHERITANCE,
        "Portuguese",
        "`Group` herda da classe `Command`.",
        "`Command` herda de `Group`.",
    ),
    (
        CheckedClaim.IMPORT,
        "German",
        "`core.py` importiert `HelpFormatter`.",
        "`globals.py` importiert `HelpFormatter`.",
    ),
    (
        CheckedClaim.IMPORT,
        "French",
        "`core.py` importe `HelpFormatter`.",
        "`globals.py` importe la classe `HelpFormatter`.",
    ),
    (
        CheckedClaim.FAILURE,
        "German",
        "`Context.fail` löst `UsageError` aus.",
        "`Context.fail` wirft einen `NoSuchOption`.",
    ),
    (
        CheckedClaim.FAILURE,
        "French",
        "`Context.fail` lève l'exception `UsageError`.",
        "`Context.fail` lève une `NoSuchOption`.",
    ),
    (
        CheckedClaim.FAILURE,
        "Dutch",
        "`Context.fail` gooit een `UsageError`.",
        "`Context.fail` gooit een `NoSuchOption`.",
    ),
    (
        CheckedClaim.SYMBOL,
        "German",
        "Die Klasse `Context` merkt es sich.",
        "Die Klasse `Contxt` merkt es sich.",
    ),
    (
        CheckedClaim.MEMBER,
        "French",
        "La méthode `Context.invoke` le fait.",
        "La méthode `Context.add_command` le fait.",
    ),
    (
        CheckedClaim.SIGNATURE,
        "German",
        "Das schreibt `Context.fail(message)`.",
        "Das schreibt `Context.fail(message, 3)`.",
    ),
    (
        CheckedClaim.IMPORT,
        "French",
        "Écrivez `from click.formatting import HelpFormatter`.",
        "Écrivez `from click.globals import HelpFormatter`.",
    ),
    (
        CheckedClaim.PATH,
        "German",
        "Es ist in `click/core.py`.",
        "Es ist in `click/kore.py`.",
    ),
    (
        CheckedClaim.PLACE,
        "French",
        "C'est là : `click/core.py:12`.",
        "C'est là : `click/core.py:90012`.",
    ),
    (
        CheckedClaim.FLAG,
        "German",
        "Dafür gibt es `--help`.",
        "Dafür gibt es `--helb`.",
    ),
    (
        CheckedClaim.SOURCE,
        "German",
        "Es bricht ab. (`click/core.py:1-9`)",
        "`Context.fail` bricht ab. (`click/core.py:1-9`)",
    ),
    (
        CheckedClaim.EXAMPLE,
        "French",
        f"{FRENCH}\n\n```python\nimport click\n\nclick.echo('a')\n```",
        f"{FRENCH}\n\n```python\nclick.echo('a')\n```",
    ),
    (
        CheckedClaim.LEFTOVER,
        "German",
        "Das ist so.",
        "Als KI-Sprachmodell kann ich das nicht sehen.",
    ),
    (
        CheckedClaim.LEFTOVER,
        "French",
        "C'est ainsi.",
        "En tant que modèle de langage, je ne peux pas le voir.",
    ),
    (
        CheckedClaim.LEFTOVER,
        "Italian",
        "È così.",
        "Come modello linguistico non posso vederlo.",
    ),
]


@pytest.mark.parametrize(
    ("claim", "language", "true", "false"),
    TRANSLATED,
    ids=lambda value: str(value)[:40],
)
def test_a_false_claim_in_another_language_is_noticed(
    courses: dict[str, Course],
    claim: CheckedClaim,
    language: str,
    true: str,
    false: str,
) -> None:
    verifier = Verifier(courses["click"].facts, language)
    assert verifier.faults(true) == []
    assert claim in {fault.claim for fault in verifier.faults(false)}


@pytest.mark.parametrize(
    "sentence",
    [
        "`Command.make_context` calls neither `Command.main` nor itself.",
        "`Command.make_context` ruft nicht `Command.main` auf.",
        "`Command.make_context` ruft `Command.main` in `click.core` nicht auf.",
        "Darum ruft `Command.make_context` `Command.main` nie auf.",
        "Das Programm ruft `Command.make_context` und `Command.main` auf.",
        "`Command.make_context` n'appelle pas `Command.main`.",
        "`Command.make_context` no llama a `Command.main`.",
        "`Command` erbt von keiner `Group`.",
    ],
)
def test_a_sentence_that_denies_a_relation_is_not_read_as_claiming_it(
    courses: dict[str, Course], sentence: str
) -> None:
    verifier = Verifier(courses["click"].facts, "Klingon")
    assert verifier.faults(sentence) == []


Falsify = Callable[[str], str]


def other_verb(page: str) -> str:
    return re.sub(r"-->\|[a-z ]+\|", "-->|decorates|", page, count=1)


def composed_of(page: str) -> str:
    """Return a page's drawing, with its places."""
    match = re.search(
        rf"```mermaid\n{COMPOSED}.+?\)$", page, re.DOTALL | re.MULTILINE
    )
    assert match is not None
    return match[0]


def further_box(page: str) -> str:
    return page.replace('\n  n0 -->|"', '\n  n9["Alone"]\n  n0 -->|"')


def no_places_below(page: str) -> str:
    return re.sub(
        r'(n2 -->\|"comes back"\| n0\n```\n\n)\(.+\)', r"\1Done.", page
    )


def many_boxes(page: str) -> str:
    lines = [f'  n{n}["Box {n}"]\n  n0 --> n{n}' for n in range(3, 10)]
    return page.replace("\n  n1 --> n2", "\n" + "\n".join(lines), 1)


def other_direction(page: str) -> str:
    return re.sub(r"  (p\d+)->>(p\d+)", r"  \2->>\1", page)


def other_line(page: str) -> str:
    """Add a word to the first listing."""
    return page.replace("```python\n", "```python\npass  # ", 1)


CHANGES: list[tuple[CheckedClaim, str, Falsify]] = [
    (CheckedClaim.EXCERPT, "```python\n", other_line),
    (
        CheckedClaim.EXCERPT,
        "```python\n",
        lambda page: re.sub(
            r"^`(\S+):\d+-", r"`\1:2-", page, flags=re.MULTILINE
        ),
    ),
    (
        CheckedClaim.SOURCE,
        " calls `",
        lambda page: re.sub(
            r"(uses what it gives\. \(`[^`:]+):\d+", r"\1:2", page
        ),
    ),
    (
        CheckedClaim.PLACE,
        " (`",
        lambda page: re.sub(r"(\(`[^`:]+):\d+", r"\1:900000", page, count=1),
    ),
    (CheckedClaim.DIAGRAM, "flowchart LR", other_verb),
    (CheckedClaim.DIAGRAM, COMPOSED, further_box),
    (CheckedClaim.DIAGRAM, COMPOSED, no_places_below),
    (CheckedClaim.DIAGRAM, COMPOSED, many_boxes),
    (
        CheckedClaim.DIAGRAM,
        COMPOSED,
        lambda page: page.replace("\n  n1 --> n2", "\n  n1 --> n1"),
    ),
    (
        CheckedClaim.DIAGRAM,
        COMPOSED,
        lambda page: page.replace("hands over", "hands over what it has to it"),
    ),
    (
        CheckedClaim.DIAGRAM,
        COMPOSED,
        lambda page: page.replace(
            "The result", "The result of all the work that it has done"
        ),
    ),
    (
        CheckedClaim.DIAGRAM,
        COMPOSED,
        lambda page: f"{page}\n\n{composed_of(page)}",
    ),
    (
        CheckedClaim.SYMBOL,
        COMPOSED,
        lambda page: page.replace("The result", "A NoSuchThing"),
    ),
    (
        CheckedClaim.SYMBOL,
        COMPOSED,
        lambda page: page.replace("comes back", "by no_such_way"),
    ),
    (CheckedClaim.DIAGRAM, "sequenceDiagram", other_direction),
    (
        CheckedClaim.DIAGRAM,
        "flowchart LR",
        lambda page: page.replace("flowchart LR", "flowchart XX"),
    ),
    (
        CheckedClaim.LINK,
        "Next: [Chapter",
        lambda page: re.sub(r"\(chapter_", "(section_", page),
    ),
    (
        CheckedClaim.LINK,
        "Next: [Chapter",
        lambda page: re.sub(r"\[Chapter (\d+),", "[Chapter 77,", page),
    ),
    (
        CheckedClaim.LINK,
        "Next: [Tutorial",
        lambda page: re.sub(r"\[Tutorial (\d+), ", "[Tutorial 77, ", page),
    ),
    (
        CheckedClaim.COMMAND,
        "```bash\n",
        lambda page: page.replace("```bash\n", "```bash\nrm -r everything\n"),
    ),
]


@pytest.mark.parametrize(("claim", "mark", "falsify"), CHANGES)
@pytest.mark.parametrize("name", ["click", "own"])
def test_a_false_claim_of_a_page_is_noticed(
    courses: Courses,
    name: str,
    claim: CheckedClaim,
    mark: str,
    falsify: Falsify,
) -> None:
    course = courses[name]
    if not any(mark in page for page in course.pages.values()):
        pytest.skip(f"no page of {name} contains {mark!r}")
    page = course.page(mark)
    changed = falsify(page)
    assert changed != page
    page_faults = course.verifier.faults(changed)
    assert claim in {fault.claim for fault in page_faults}


def test_each_kind_of_claim_is_falsified_here() -> None:
    kinds = {row[0] for row in SENTENCES} | {row[0] for row in CHANGES}
    assert kinds == set(CheckedClaim)


def test_a_command_of_the_project_may_be_typed(
    courses: Courses,
) -> None:
    course = courses["own"]
    for chapter in course.facts.chapters:
        for line in commands_of(course.facts, chapter).values():
            page = f"```bash\n{line}\n```"
            assert course.verifier.faults(page) == []
