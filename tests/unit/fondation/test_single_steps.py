"""How the CLI is asked, early or late, whether it takes single steps."""

from collections.abc import Callable

import pytest

from worker.engines.fondation.single_steps import Ask, SingleSteps
from worker.system.process import ProcessStoppedError
from worker.system.runtime import Flag, SystemRuntime

RUNTIME = SystemRuntime()


def answers(*results: Callable[[Flag], bool]) -> tuple[list[Flag], Ask]:
    """Return the flags that the CLI was asked with, and what asks it."""
    flags: list[Flag] = []

    def ask(stop: Flag) -> bool:
        flags.append(stop)
        return results[len(flags) - 1](stop)

    return flags, ask


def stopped(stop: Flag) -> bool:
    if stop.wait(10):
        raise ProcessStoppedError("node")
    return False


def failed(_: Flag) -> bool:
    raise OSError("no room")


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("early", [True, False])
def test_the_cli_is_asked_once(*, answer: bool, early: bool) -> None:
    flags, ask = answers(lambda _: answer)
    steps = SingleSteps(ask, RUNTIME)
    if early:
        steps.ask()
    stop = RUNTIME.flag()
    assert [steps.taken(stop), steps.taken(stop)] == [answer, answer]
    assert len(flags) == 1
    assert (flags[0] is stop) != early


def test_an_early_question_that_fails_is_asked_again_where_it_is_reported() -> (
    None
):
    flags, ask = answers(failed, failed, lambda _: True)
    steps = SingleSteps(ask, RUNTIME)
    steps.ask()
    with pytest.raises(OSError, match="no room"):
        steps.taken(RUNTIME.flag())
    assert steps.taken(RUNTIME.flag())
    assert len(flags) == 3


def test_a_stop_ends_an_early_question_which_can_be_asked_again() -> None:
    _, ask = answers(stopped, lambda _: True)
    steps = SingleSteps(ask, RUNTIME)
    steps.ask()
    steps.stop()
    assert steps.taken(RUNTIME.flag())
