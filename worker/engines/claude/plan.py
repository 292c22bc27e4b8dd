"""The three YAML files of a course: its chapters, its overview, and the order of learning."""

import re
from dataclasses import replace
from functools import partial
from typing import Any, Final

import yaml

from states.codec import JsonObject
from states.course_paths import slug
from states.stages import INFO, Stage
from worker.engines.claude import candidates as choice
from worker.engines.claude import material
from worker.engines.claude.blocks import (
    AnswerFault,
    Fields,
    entries_of,
    lines,
    noted,
)
from worker.engines.claude.candidates import Candidate
from worker.engines.claude.questions import Questions
from worker.engines.claude.rounds import Draft, Task
from worker.engines.claude.shown import Shown
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.facts import Analysis, LearningStep, Unit
from worker.engines.static.pages import yaml_files

_MORE: Final = 2
"""Chapters beyond those that the static engine would choose."""
_LONGEST_NAME: Final = 60
_LONGEST_LABEL: Final = 40
_LEAST_SUMMARY: Final = 120
"""Characters of an overview."""
_LONGEST_SUMMARY: Final = 3000
_WIDTH: Final = 100
_NO_TITLE: Final = re.compile(r"[<>\[\]|#]")
_LABEL: Final = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+)*")


def task(questions: Questions, verifier: Verifier, stage: Stage) -> Task:
    """Return the task of one of the first three stages."""
    planners = {
        Stage.EXTRACT: extract,
        Stage.ANALYZE: analyze,
        Stage.ORDER: order,
    }
    return planners[stage](questions, verifier)


def _path(stage: Stage) -> str:
    path = INFO[stage].file
    assert path is not None  # noqa: S101 - these stages write one file each
    return path


def extract(questions: Questions, verifier: Verifier) -> Task:
    """Return the task to choose the chapters."""
    analysis = questions.facts.analysis
    known = choice.candidates(analysis)
    least, most = limits(analysis)
    return Task(
        path=_path(Stage.EXTRACT),
        question=questions.extract(known, least, most),
        draft=partial(_chosen, questions, verifier, known, (least, most)),
        fallback=lambda: _text(yaml_files.abstractions(analysis)),
    )


def limits(analysis: Analysis) -> tuple[int, int]:
    """Return how few and how many chapters a course may have."""
    units = len(analysis.units)
    known = choice.candidates(analysis)
    most = min(units + _MORE, len(known))
    return max(1, units // 2), most


def _chosen(
    questions: Questions,
    verifier: Verifier,
    known: tuple[Candidate, ...],
    limits: tuple[int, int],
    answer: JsonObject,
) -> Draft:
    units: list[Unit] = []
    faults: list[str] = []
    left = {candidate.id: candidate.unit for candidate in known}
    for number, entry in enumerate(entries_of(answer, "chapters", faults), 1):
        with noted(faults, f"chapter {number}"):
            units.append(_unit(verifier, entry, left, units))
    least, most = limits
    if not least <= len(units) <= most:
        faults.append(
            f"there are {len(units)} whole chapters; choose {least} to {most}"
        )
    analysis = replace(questions.facts.analysis, units=tuple(units[:most]))
    return Draft(
        text=_text(yaml_files.abstractions(analysis)),
        faults=faults,
        is_enough=len(units) >= least,
    )


def _unit(
    verifier: Verifier, entry: object, left: dict[str, Unit], units: list[Unit]
) -> Unit:
    """Return a chapter, and take its candidates from those that are left."""
    fields = Fields(entry)
    ids = dict.fromkeys(fields.texts("candidates"))
    for key in ids:
        if key not in left:
            raise AnswerFault(f"{key[:20]!r} is no candidate, or used already")
    if not ids:
        raise AnswerFault("it has no candidates")
    name = _line_of(fields.text("name").replace("`", ""))
    _check_name(name, units)
    description = _line_of(fields.text("description"))
    if not description:
        raise AnswerFault("it has no description")
    wrong = _faults_of(verifier, description)
    if wrong:
        raise AnswerFault("; ".join(wrong))
    parts = [left.pop(key) for key in ids]
    whole = choice.described(description, parts)
    return choice.merged(parts, name, whole)


def _line_of(text: str) -> str:
    words = text.split()
    return " ".join(words)


def _check_name(name: str, units: list[Unit]) -> None:
    if not 0 < len(name) <= _LONGEST_NAME:
        raise AnswerFault(f"the name must have 1 to {_LONGEST_NAME} characters")
    if not name.isprintable() or _NO_TITLE.search(name):
        raise AnswerFault("the name must be letters, digits and dots")
    file = slug(name)
    for unit in units:
        is_same = unit.name.casefold() == name.casefold()
        has_file = file not in {"_", ""} and file == slug(unit.name)
        if is_same or has_file:
            raise AnswerFault(f"another chapter is called {name!r}")


def analyze(questions: Questions, verifier: Verifier) -> Task:
    """Return the task to write the overview."""
    return Task(
        path=_path(Stage.ANALYZE),
        question=questions.analyze(),
        draft=partial(_overview, questions, verifier),
        fallback=lambda: _relationships(
            questions, questions.facts.analysis.summary, {}
        ),
    )


def _overview(
    questions: Questions, verifier: Verifier, answer: JsonObject
) -> Draft:
    shown = questions.overview_lines()
    sentences: list[str] = []
    faults: list[str] = []
    for number, entry in enumerate(entries_of(answer, "summary", faults), 1):
        with noted(faults, f"sentence {number}"):
            sentences.append(_sentence(shown, verifier, entry))
    labels: dict[str, str] = {}
    for entry in entries_of(answer, "labels", faults):
        try:
            key, label = _label(questions, verifier, entry)
            labels[key] = label
        except AnswerFault as fault:
            faults.append(str(fault))
    summary = " ".join(sentences)[:_LONGEST_SUMMARY]
    if len(summary) < _LEAST_SUMMARY:
        faults.append("the summary is too short to be retold")
    return Draft(
        text=_relationships(questions, summary, labels),
        faults=faults,
        is_enough=len(summary) >= _LEAST_SUMMARY,
    )


def _sentence(shown: Shown, verifier: Verifier, entry: object) -> str:
    fields = Fields(entry)
    text = _line_of(fields.text("text"))
    if not text:
        raise AnswerFault("it is empty")
    sources = [lines(Fields(one)) for one in fields.entries("sources")]
    wrong = [
        *filter(None, map(shown.fault, sources)),
        *_faults_of(verifier, text),
    ]
    if wrong:
        raise AnswerFault("; ".join(wrong))
    return text


def _label(
    questions: Questions, verifier: Verifier, entry: object
) -> tuple[str, str]:
    fields = Fields(entry)
    key = fields.text("relation")
    label = _line_of(fields.text("label")).casefold()
    if key not in material.relations_of(questions.facts):
        raise AnswerFault(f"there is no relation {key[:20]!r}")
    if len(label) > _LONGEST_LABEL or not _LABEL.fullmatch(label):
        raise AnswerFault(f"the label of {key} must be one to four words")
    wrong = verifier.faults(label)
    if wrong:
        raise AnswerFault(f"the label of {key}: {wrong[0].text}")
    return key, label


def _relationships(
    questions: Questions, summary: str, labels: dict[str, str]
) -> str:
    facts = questions.facts
    entries = [
        {
            "from_abstraction": relation.source,
            "to_abstraction": relation.target,
            "label": labels.get(key, str(relation.verb)),
            "evidence": f"{relation.path}:{relation.line}: "
            f"{material.evidence_line(facts, relation)}",
        }
        for key, relation in material.relations_of(facts).items()
    ]
    return _dump({"summary": summary, "relationships": entries})


def order(questions: Questions, verifier: Verifier) -> Task:
    """Return the task to order the chapters."""
    analysis = questions.facts.analysis
    return Task(
        path=_path(Stage.ORDER),
        question=questions.order(),
        draft=partial(_ordered, questions, verifier),
        fallback=lambda: _text(yaml_files.order(analysis)),
    )


def _ordered(
    questions: Questions, verifier: Verifier, answer: JsonObject
) -> Draft:
    analysis = questions.facts.analysis
    left: dict[str, int] = {}
    for number, _ in enumerate(analysis.units):
        left[f"U{number + 1}"] = number
    steps: list[LearningStep] = []
    faults: list[str] = []
    for number, entry in enumerate(entries_of(answer, "order", faults), 1):
        try:
            unit, reason, wrong = _step(verifier, entry, left)
        except AnswerFault as fault:
            faults.append(f"place {number}: {fault}")
            continue
        steps.append(LearningStep(unit=unit, reasoning=reason))
        faults += [f"place {number}: {fault}" for fault in wrong]
    if left:
        faults.append(f"the order lacks {', '.join(left)}")
    steps += [LearningStep(unit=rest, reasoning="") for rest in left.values()]
    ordered = replace(analysis, order=tuple(steps))
    body = yaml_files.order(ordered)
    return Draft(text=_text(body), faults=faults, is_enough=not left)


def _step(
    verifier: Verifier, entry: object, left: dict[str, int]
) -> tuple[int, str, list[str]]:
    """Return a chapter's place, its reason, and the reason's faults; then it is left out."""
    fields = Fields(entry)
    key = fields.text("unit")
    if key not in left:
        raise AnswerFault(f"{key[:20]!r} is no chapter, or placed already")
    unit = left.pop(key)
    try:
        reason = _line_of(fields.text("reason"))
    except AnswerFault as fault:
        return unit, "", [str(fault)]
    wrong = _faults_of(verifier, reason)
    if wrong:
        reason = ""
    return unit, reason, wrong


def _faults_of(verifier: Verifier, text: str) -> list[str]:
    """Return what is wrong with a sentence of an answer."""
    faults = [
        *verifier.answer_faults(text),
        *verifier.faults(text),
    ]
    return [fault.text for fault in faults]


def _text(body: bytes) -> str:
    return body.decode().rstrip("\n")


def _dump(document: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    text: str = yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, width=_WIDTH
    )
    return text.rstrip("\n")
