"""The options that commands declare."""

from argparse import ArgumentParser
from typing import get_type_hints

import pytest

from worker.cli.command_table import COMMANDS, CommandSpec


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_attributes_of_options_are_those_that_argparse_sets(
    command: CommandSpec,
) -> None:
    parser = ArgumentParser(add_help=False)
    for argument in command.namespace.arguments:
        parser.add_argument(*argument.names, **argument.settings)
    parsed = {action.dest for action in parser._actions}
    annotated = get_type_hints(command.namespace).keys() - {"arguments"}
    assert parsed | {"json"} == annotated


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_default_has_the_type_of_its_attribute(command: CommandSpec) -> None:
    hints = get_type_hints(command.namespace)
    parser = ArgumentParser(add_help=False)
    for argument in command.namespace.arguments:
        parser.add_argument(*argument.names, **argument.settings)
    for action in parser._actions:
        optional = "None" in str(hints[action.dest])
        required = action.required
        assert (action.default is None) == (optional or required), action.dest
