"""Leads from the code of a function to the function that is shown next, if it calls that."""

import re
from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import citations, failures, markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Call, Statement

_LONGEST: Final = 100
"""Characters of a condition; the code above has a longer one."""
_NONE: Final = re.compile(r"if `(\w+) is (not )?None`")
_CALLED: Final = re.compile(r"\s*(\w+) = (?:await )?[\w.]*?(\w+)\(")
_WORD: Final = re.compile(r"\w+")


def sentence(
    facts: CourseFacts, function: Definition, following: Definition
) -> str:
    """Return that a function calls the next one, and when; nothing if it does not."""
    if not is_function(function):
        return ""
    reasons = {
        _condition(facts, function, call)
        for call, target in facts.calls(function.index)
        if target == following or _makes(target, following)
    }
    if not reasons:
        return ""
    reason = ""
    if len(reasons) == 1:
        [reason] = reasons
    return f"It calls {citations.name(following)}{reason}."


def _makes(target: Definition, following: Definition) -> bool:
    """Whether what is called is a type, and what follows its constructor."""
    is_own = following.parent == target.index and target.kind in TYPES
    return is_own and following.name == "__init__"


def _condition(facts: CourseFacts, function: Definition, call: Call) -> str:
    inside = facts.function(function.index)
    if inside is None:
        return ""
    words = failures.condition(inside.conditions(call))
    tested = _NONE.fullmatch(words)
    if tested is not None:
        source = _source(facts, function, call, tested[1])
        if source:
            verb = "did not return" if tested[2] else "returned"
            words = f"when {source} {verb} `None`"
    if not words or len(words) > _LONGEST:
        return ""
    return f" {words}"


def _source(
    facts: CourseFacts, function: Definition, call: Call, variable: str
) -> str:
    """Return what returned the value that a variable has when a call is made."""
    inside = facts.function(function.index)
    if inside is None:
        return ""
    lines = facts.texts.lines(function.path)
    frame: tuple[int, ...] = ()
    naming: list[Statement] = []
    for statement in inside.statements:
        if statement.first <= call.line <= statement.last:
            frame = statement.frame
            break
        code = "\n".join(lines[statement.first - 1 : statement.last])
        if variable in _WORD.findall(code):
            naming.append(statement)
    if not naming or not set(naming[-1].frame) <= set(frame):
        return ""
    made = _CALLED.match(lines[naming[-1].first - 1])
    if made is None or made[1] != variable:
        return ""
    return markdown.code(made[2])
