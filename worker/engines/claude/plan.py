"""The three YAML files of a course: its chapters, its overview, and the order of learning."""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import yaml

from states.codec import JsonObject
from states.course_paths import slug, yaml_path
from states.stages import Stage
from worker.engines.claude import candidates as choice
from worker.engines.claude import material
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    entries_of,
    lines,
    noted,
)
from worker.engines.claude.candidates import ChapterCandidate
from worker.engines.claude.questions import Questions
from worker.engines.claude.rounds import PageDraft, Task
from worker.engines.claude.shown import Shown
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.facts import Analysis, LearningStep, Unit
from worker.engines.static.pages import yaml_files

_MORE: Final = 2
"""How many chapters a course may have beyond those that the static engine would choose."""
_LONGEST_NAME: Final = 60
_LONGEST_LABEL: Final = 40
_LEAST_SUMMARY: Final = 120
"""The fewest characters of an overview."""
_LONGEST_SUMMARY: Final = 3000
_LONGEST_WORLD: Final = 400
_WIDTH: Final = 100
_NO_TITLE: Final = re.compile(r"[<>\[\]|#]")
_LABEL: Final = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Offer:
    """The possible subjects of chapters, and how many chapters there may be."""

    candidates: tuple[ChapterCandidate, ...]
    least: int
    most: int


def task(questions: Questions, verifier: Verifier, stage: Stage) -> Task:
    """Return the task of one of the first three stages."""
    planners = {
        Stage.EXTRACT: extract,
        Stage.ANALYZE: analyze,
        Stage.ORDER: order,
    }
    return planners[stage](questions, verifier)


def extract(questions: Questions, verifier: Verifier) -> Task:
    """Return the task that chooses the chapters."""
    analysis = questions.facts.analysis
    known = choice.candidates(analysis)
    least, most = limits(analysis)
    offer = _Offer(candidates=known, least=least, most=most)

    def fallback() -> str:
        return _abstractions(analysis)

    return Task(
        path=yaml_path(Stage.EXTRACT),
        question=questions.extract(known, least, most),
        draft=partial(_chosen, questions, verifier, offer),
        fallback=fallback,
    )


def _abstractions(analysis: Analysis) -> str:
    body = yaml_files.abstractions(analysis)
    return _text(body)


def limits(analysis: Analysis) -> tuple[int, int]:
    """Return the minimum and maximum number of chapters of a course."""
    units = len(analysis.units)
    known = choice.candidates(analysis)
    least = max(1, units // 2)
    most = min(units + _MORE, len(known))
    return least, most


def _chosen(
    questions: Questions,
    verifier: Verifier,
    offer: _Offer,
    answer: JsonObject,
) -> PageDraft:
    units: list[Unit] = []
    faults: list[str] = []
    left: dict[str, Unit] = {}
    for candidate in offer.candidates:
        left[candidate.id] = candidate.unit
    entries = entries_of(answer, "chapters", faults)
    for number, entry in enumerate(entries, 1):
        with noted(faults, f"chapter {number}"):
            unit = _unit(verifier, entry, left, units)
            units.append(unit)
    least = offer.least
    most = offer.most
    count = len(units)
    if not least <= count <= most:
        faults.append(
            f"there are {count} whole chapters; choose {least} to {most}"
        )
    chosen = tuple(units[:most])
    analysis = replace(questions.facts.analysis, units=chosen)
    return PageDraft(
        text=_abstractions(analysis),
        faults=faults,
        is_enough=count >= least,
    )


def _unit(
    verifier: Verifier,
    entry: object,
    left: dict[str, Unit],
    units: list[Unit],
) -> Unit:
    """Return a chapter, and remove its candidates from the remaining ones."""
    fields = Fields(entry)
    ids = dict.fromkeys(fields.texts("candidates"))
    for key in ids:
        if key not in left:
            raise AnswerFault(f"{key[:20]!r} is no candidate, or used already")
    if not ids:
        raise AnswerFault("it has no candidates")
    plain = fields.text("name").replace("`", "")
    name = _line_of(plain)
    _check_name(name)
    for unit in units:
        _check_difference(name, unit)
    description = _line_of(fields.text("description"))
    if not description:
        raise AnswerFault("it has no description")
    _check_all(_faults_of(verifier, description))
    parts = []
    for key in ids:
        part = left.pop(key)
        parts.append(part)
    whole = choice.described(description, parts)
    return choice.merged(parts, name, whole)


def _line_of(text: str) -> str:
    words = text.split()
    return " ".join(words)


def _check_all(faults: list[str]) -> None:
    if faults:
        raise AnswerFault("; ".join(faults))


def _check_name(name: str) -> None:
    if not 0 < len(name) <= _LONGEST_NAME:
        raise AnswerFault(f"the name must have 1 to {_LONGEST_NAME} characters")
    is_text = name.isprintable()
    if not is_text or _NO_TITLE.search(name):
        raise AnswerFault("the name must be letters, digits and dots")


def _check_difference(name: str, unit: Unit) -> None:
    """Raise AnswerFault if another chapter has the same name or file name."""
    other = unit.name
    is_same = other.casefold() == name.casefold()
    file = slug(name)
    if file not in {"_", ""}:
        is_same |= file == slug(other)
    if is_same:
        raise AnswerFault(f"another chapter is called {name!r}")


def analyze(questions: Questions, verifier: Verifier) -> Task:
    """Return the task that writes the overview."""
    summary = questions.facts.analysis.summary

    def fallback() -> str:
        return _relationships(questions, summary, {})

    return Task(
        path=yaml_path(Stage.ANALYZE),
        question=questions.analyze(),
        draft=partial(_overview, questions, verifier),
        fallback=fallback,
    )


def _overview(
    questions: Questions,
    verifier: Verifier,
    answer: JsonObject,
) -> PageDraft:
    shown = questions.overview_lines()
    sentences: list[str] = []
    faults: list[str] = []
    entries = entries_of(answer, "summary", faults)
    for number, entry in enumerate(entries, 1):
        with noted(faults, f"sentence {number}"):
            sentence = _sentence(shown, verifier, entry)
            sentences.append(sentence)
    labels: dict[str, str] = {}
    for entry in entries_of(answer, "labels", faults):
        try:
            key, label = _label(questions, verifier, entry)
        except AnswerFault as fault:
            faults.append(str(fault))
            continue
        labels[key] = label
    summary = " ".join(sentences)[:_LONGEST_SUMMARY]
    is_enough = len(summary) >= _LEAST_SUMMARY
    if not is_enough:
        faults.append("the summary is too short to be retold")
    world = _world(verifier, answer, faults)
    whole = f"{summary} {world}".rstrip()
    return PageDraft(
        text=_relationships(questions, whole, labels),
        faults=faults,
        is_enough=is_enough,
    )


def _world(verifier: Verifier, answer: JsonObject, faults: list[str]) -> str:
    """Return the setting of the course's examples; nothing if it has a fault."""
    try:
        text = Fields(answer).text("example")
        world = _line_of(text)[:_LONGEST_WORLD]
        _check_all(_faults_of(verifier, world))
    except AnswerFault as fault:
        faults.append(f"the example: {fault}")
        return ""
    return world


def _sentence(shown: Shown, verifier: Verifier, entry: object) -> str:
    fields = Fields(entry)
    text = _line_of(fields.text("text"))
    if not text:
        raise AnswerFault("it is empty")
    faults: list[str] = []
    for pointer in fields.entries("sources"):
        place = Fields(pointer)
        source = lines(place)
        fault = shown.fault(shown.clipped(source))
        if fault:
            faults.append(fault)
    faults += _faults_of(verifier, text)
    _check_all(faults)
    return text


def _label(
    questions: Questions,
    verifier: Verifier,
    entry: object,
) -> tuple[str, str]:
    fields = Fields(entry)
    key = fields.text("relation")
    words = fields.text("label").split()
    label = " ".join(map(_lower, words))
    if key not in material.relations_of(questions.facts):
        raise AnswerFault(f"there is no relation {key[:20]!r}")
    is_long = len(label) > _LONGEST_LABEL
    if is_long or not _LABEL.fullmatch(label):
        raise AnswerFault(f"the label of {key} must be one to four words")
    wrong = verifier.faults(label)
    if wrong:
        first = wrong[0].text
        raise AnswerFault(f"the label of {key}: {first}")
    return key, label


def _lower(word: str) -> str:
    """Return a word in lower case, unless it is an acronym: `URL`, `URLs`."""
    is_acronym = word[:2].isupper()
    if is_acronym and len(word) > 1:
        return word
    return word.casefold()


def _relationships(
    questions: Questions,
    summary: str,
    labels: dict[str, str],
) -> str:
    facts = questions.facts
    entries: list[dict[str, int | str]] = []
    for key, relation in material.relations_of(facts).items():
        line = material.evidence_line(facts, relation)
        verb = relation.verb.value
        entry: dict[str, int | str] = {
            "from_abstraction": relation.source,
            "to_abstraction": relation.target,
            "label": labels.get(key, verb),
            "evidence": f"{relation.path}:{relation.line}: {line}",
        }
        entries.append(entry)
    document = {
        "summary": summary,
        "relationships": entries,
    }
    return _dump(document)


def order(questions: Questions, verifier: Verifier) -> Task:
    """Return the task that orders the chapters."""
    analysis = questions.facts.analysis

    def fallback() -> str:
        body = yaml_files.order(analysis)
        return _text(body)

    return Task(
        path=yaml_path(Stage.ORDER),
        question=questions.order(),
        draft=partial(_ordered, questions, verifier),
        fallback=fallback,
    )


def _ordered(
    questions: Questions,
    verifier: Verifier,
    answer: JsonObject,
) -> PageDraft:
    analysis = questions.facts.analysis
    left = _numbered(analysis)
    steps: list[LearningStep] = []
    faults: list[str] = []
    entries = entries_of(answer, "order", faults)
    for number, entry in enumerate(entries, 1):
        place = f"place {number}"
        with noted(faults, place):
            step, wrong = _step(verifier, entry, left)
            steps.append(step)
            for fault in wrong:
                placed = f"{place}: {fault}"
                faults.append(placed)
    if left:
        missing = ", ".join(left)
        faults.append(f"the order lacks {missing}")
    steps += map(_without_reason, left.values())
    ordered = replace(analysis, order=tuple(steps))
    body = yaml_files.order(ordered)
    return PageDraft(
        text=_text(body),
        faults=faults,
        is_enough=not left,
    )


def _numbered(analysis: Analysis) -> dict[str, int]:
    """Return the indexes of all chapters by the ids that prompts use."""
    units: dict[str, int] = {}
    for unit, _ in enumerate(analysis.units):
        number = unit + 1
        units[f"U{number}"] = unit
    return units


def _step(
    verifier: Verifier,
    entry: object,
    left: dict[str, int],
) -> tuple[LearningStep, list[str]]:
    """Return the step of a remaining chapter, and the faults of its reason.

    A reason with faults is left out.
    """
    fields = Fields(entry)
    key = fields.text("unit")
    if key not in left:
        raise AnswerFault(f"{key[:20]!r} is no chapter, or placed already")
    unit = left.pop(key)
    try:
        reason = _line_of(fields.text("reason"))
    except AnswerFault as fault:
        return _without_reason(unit), [str(fault)]
    faults = _faults_of(verifier, reason)
    if faults:
        return _without_reason(unit), faults
    step = LearningStep(unit=unit, reasoning=reason)
    return step, []


def _without_reason(unit: int) -> LearningStep:
    return LearningStep(unit=unit, reasoning="")


def _faults_of(verifier: Verifier, text: str) -> list[str]:
    """Return the faults of a sentence in an answer."""
    faults = [
        *verifier.answer_faults(text),
        *verifier.faults(text),
    ]
    return [fault.text for fault in faults]


def _text(body: bytes) -> str:
    text = body.decode()
    return text.rstrip("\n")


def _dump(document: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    text: str = yaml.safe_dump(
        document,
        allow_unicode=True,
        sort_keys=False,
        width=_WIDTH,
    )
    return text.rstrip("\n")
