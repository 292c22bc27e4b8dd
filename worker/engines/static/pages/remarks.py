"""Remarks on code: sentences that point at a line, or name other definitions.

A remark that points begins with `Line 12` or `Lines 12-15`, and its first code span stands
there in the source (or above, if it is the condition), white space apart: the review checks
that.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import evidence, markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.parsing.function_facts import (
    FunctionFacts,
    Parameter,
    Raise,
)
from worker.engines.static.parsing.node_types import MAX_SAID
from worker.engines.static.prose.docstrings import (
    first_sentence,
    paragraphs,
    sentences,
)
from worker.engines.static.prose.phrases import counted, listed

MOST: Final = 6
_MOST_CALLS: Final = 4
_FEW_PARAMETERS: Final = 4
_MORE: Final = 2
"""Sentences."""
_MOST_CALLERS: Final = 100


_BRANCH: Final = 6
_ENOUGH: Final = 3
"""Where so much else can be said, branches go without saying."""


class _Remark(NamedTuple):
    line: int
    rank: int
    """The lowest are kept where there are too many."""
    said: str


def code(raw: str) -> str:
    """Return a piece of code in a sentence, without the mark of its having been cut."""
    return markdown.code(raw)


def pointed(
    facts: CourseFacts, excerpt: Excerpt, most: int = MOST
) -> list[str]:
    """Return remarks on the lines of an excerpt of a function, in their order."""
    if excerpt.subject is None or not is_function(
        facts.definitions[excerpt.subject]
    ):
        return []
    anatomy = facts.anatomy(excerpt.subject)
    if anatomy is None:
        return []
    found = [
        one
        for one in _all(facts, excerpt.subject, anatomy)
        if excerpt.shows(one.line)
    ]
    telling = [one for one in found if one.rank < _BRANCH]
    kept = sorted(
        telling if len(telling) >= _ENOUGH else found,
        key=lambda one: (one.rank, one.line),
    )[:most]
    return [
        one.said for one in sorted(kept, key=lambda one: (one.line, one.rank))
    ]


def _all(
    facts: CourseFacts, index: int, anatomy: FunctionFacts
) -> Iterator[_Remark]:
    yield from _calls(facts, index, anatomy)
    yield from _state(anatomy)
    for rank, one in enumerate(anatomy.raises[:3]):
        yield _Remark(one.line, 1 + rank, _raise(one))
    for caught in anatomy.handles[:2]:
        yield _Remark(
            caught.line, 4, f"Line {caught.line} catches {code(caught.said)}."
        )
    if anatomy.returns and (last := anatomy.returns[-1]).said:
        yield _Remark(
            last.line,
            3,
            f"Line {last.line} {_returned(anatomy)} {code(last.said)}.",
        )
    said = {one.under.removeprefix("if ") for one in anatomy.raises[:3]}
    for decision in [one for one in anatomy.decisions if one.said not in said][
        :2
    ]:
        yield _Remark(
            decision.line,
            _BRANCH,
            f"Line {decision.line} branches on {code(decision.said)}.",
        )


def _returned(anatomy: FunctionFacts) -> str:
    if len(anatomy.returns) == 1:
        return "returns" if not anatomy.yields else "ends with"
    return (
        f"is the last of {counted(len(anatomy.returns), 'return')}: it returns"
    )


def _raise(one: Raise) -> str:
    what = (
        f"Line {one.line} {one.verb} {code(one.what)}"
        if one.what
        else f"Line {one.line} {_again(one)}"
    )
    message = (
        f", saying {code(one.message)}" if one.message and one.what else ""
    )
    return f"{what}{message}{_under(one)}."


def _again(one: Raise) -> str:
    said = f": {code(one.message)}" if one.message else ""
    return (
        f"{one.verb}{said}"
        if one.verb in {"panics", "returns an error"}
        else f"{one.verb} the caught error again"
    )


def _under(one: Raise) -> str:
    """Say under which condition a line is reached, as its source has it."""
    for beginning, spoken in (
        ("if ", "if"),
        ("else of if ", "unless"),
        ("the handler of ", "in the handler of"),
    ):
        if one.under.startswith(beginning):
            return f", {spoken} {code(one.under.removeprefix(beginning))}"
    return ""


def _calls(
    facts: CourseFacts, index: int, anatomy: FunctionFacts
) -> Iterator[_Remark]:
    """Yield what a function hands on to others of the project, each the first time."""
    targets = targets_of(facts, index)
    seen: set[int] = {
        targets[one.what].index for one in anatomy.raises if one.what in targets
    }
    most = len(seen) + _MOST_CALLS
    for call in anatomy.calls:
        target = targets.get(call.name)
        if target is None or target.index in seen or len(seen) >= most:
            continue
        seen.add(target.index)
        verb = "creates" if target.kind in TYPES else "calls"
        doc = first_sentence(target.doc)
        said = (
            f": “{markdown.prose(doc)}”"
            if doc
            else f", defined in {markdown.place(target.path, (target.line, target.line))}."
        )
        yield _Remark(
            call.line,
            2 if doc else 5,
            f"Line {call.line} {verb} {code(call.name)}{said}",
        )


def targets_of(facts: CourseFacts, index: int) -> dict[str, Definition]:
    """Return the definitions of the project that a definition names, by name.

    Those that are sure come first.
    """
    found: dict[str, Definition] = {}
    for reference in sorted(facts.out[index], key=lambda one: not one.sure):
        target = facts.definitions[reference.target]
        found.setdefault(target.name, target)
    return found


def _state(anatomy: FunctionFacts) -> Iterator[_Remark]:
    if len(anatomy.assigned) > 1:
        first = anatomy.assigned[0]
        names = [code(one.said) for one in anatomy.assigned]
        others = f"; {counted(len(names) - 1, 'more attribute is', 'more attributes are')} set: {listed(names[1:], 5)}"
        yield _Remark(
            first.line, 0, f"Line {first.line} sets {names[0]}{others}."
        )


def more_said(one: Definition, anatomy: FunctionFacts | None) -> str:
    """Return the documentation after its first sentence, or after what an excerpt shows."""
    said = paragraphs(one.doc, 2)
    if not said:
        return ""
    shown = anatomy is not None and anatomy.doc is not None
    left = [] if shown else sentences(said[0])[1:]
    left += [
        sentence
        for paragraph in said[1:]
        for sentence in sentences(paragraph)
        if not sentence.endswith(":")
    ]
    return markdown.prose(" ".join(left[:_MORE]))


def parameters(anatomy: FunctionFacts) -> str:
    """Say what a function takes, in a sentence; or nothing."""
    taken = anatomy.parameters
    if not taken:
        return ""
    if len(taken) <= _FEW_PARAMETERS:
        return f"It takes {listed([_parameter(one) for one in taken])}."
    required = [code(one.name) for one in taken if not one.optional]
    if len(required) == len(taken):
        return f"It takes {counted(len(taken), 'parameter')}: {listed(required, 6)}."
    must = (
        f"only {listed(required, 4)} must be given"
        if required
        else "all of them are optional"
    )
    return f"Of its {counted(len(taken), 'parameter')}, {must}."


def _parameter(one: Parameter) -> str:
    return (
        f"{code(one.name)} (default {code(one.default[:MAX_SAID])})"
        if one.default
        else code(one.name)
    )


def called_from(facts: CourseFacts, index: int, most: int = 3) -> str:
    """Say who names a definition, with a place for each; or nothing."""
    found: dict[int, evidence.UsageSite] = {}
    for reference in facts.callers(index)[:_MOST_CALLERS]:
        if (
            reference.sure
            and reference.source not in found
            and (site := evidence.use(facts, reference)) is not None
        ):
            found[reference.source or 0] = site
    shown = [
        f"{code(facts.definitions[source].qualified)} ({markdown.place(site.path, (site.line, site.line))})"
        for source, site in list(found.items())[:most]
    ]
    more = len(found) - len(shown)
    return listed(
        [*shown, *([f"{counted(more, 'other place')}"] if more else [])]
    )
