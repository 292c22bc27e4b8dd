"""The learning order, and the reason for each position."""

from dataclasses import replace
from pathlib import Path

from tests.support.analysed import analysed
from worker.engines.static.choosing.candidates import Candidate
from worker.engines.static.choosing.encounters import Encounter, ReadingSource
from worker.engines.static.choosing.learning_order import (
    Meeting,
    meetings,
    order,
)
from worker.engines.static.facts import Analysis, Relation, Unit, Verb


def unit(name: str) -> Unit:
    return Unit(name=name, description="", file_paths=(), symbols=(), owned=())


def relation(source: int, target: int, verb: Verb = Verb.USES) -> Relation:
    return Relation(
        source=source,
        target=target,
        verb=verb,
        path="a.py",
        line=source + 1,
        code="",
    )


def met(source: ReadingSource, line: int, name: str) -> Meeting:
    return Encounter(source, 0, line, 0, "README.md"), name


def ordered(
    count: int, *relations: Relation, **meetings: Meeting
) -> tuple[str, list[str]]:
    """Return the names of units called A, B, C … in their order, and the reasons."""
    names = "ABCDEFGH"[:count]
    steps = order(
        [unit(name) for name in names],
        relations,
        {names.index(name): meeting for name, meeting in meetings.items()},
        (),
    )
    return "".join(names[step.unit] for step in steps), [
        step.reasoning for step in steps
    ]


def test_units_are_ordered_as_a_user_meets_them() -> None:
    units, _ = ordered(
        3,
        relation(1, 2),
        A=met(ReadingSource.GUIDE, 1, "A"),
        B=met(ReadingSource.README, 1, "B"),
        C=met(ReadingSource.README_EXAMPLE, 9, "C"),
    )
    assert units == "CBA"


def test_units_that_users_do_not_meet_come_after_those_they_are_connected_with() -> (
    None
):
    units, _ = ordered(
        4, relation(0, 3), relation(3, 2), C=met(ReadingSource.README, 1, "C")
    )
    assert units == "CDAB"


def test_circular_relations_do_not_loop() -> None:
    units, _ = ordered(3, relation(0, 1), relation(1, 2), relation(2, 0))
    assert sorted(units) == ["A", "B", "C"]


def test_the_reason_is_where_a_user_meets_it() -> None:
    _, reasons = ordered(1, A=met(ReadingSource.README_EXAMPLE, 7, "open_door"))
    assert reasons == ["The README's code names `open_door` (README.md:7)."]


def test_the_reason_of_others_is_a_relation_to_an_earlier_unit() -> None:
    _, reasons = ordered(
        3, relation(0, 1, Verb.CREATES), A=met(ReadingSource.README, 1, "A")
    )
    assert reasons[1:] == [
        "It comes after A: A creates B (a.py:1).",
        "No relationship on this course's map leads to an earlier chapter.",
    ]


def test_a_part_that_is_met_in_the_same_guide_comes_before_what_needs_it() -> (
    None
):
    units, _ = ordered(
        3,
        relation(1, 2, Verb.CREATES),
        A=met(ReadingSource.README, 1, "A"),
        B=met(ReadingSource.GUIDE, 5, "B"),
        C=met(ReadingSource.GUIDE, 9, "C"),
    )
    assert units == "ACB"


def test_parts_of_each_other_and_what_a_readme_names_keep_their_places() -> (
    None
):
    meetings = {
        "A": met(ReadingSource.README, 1, "A"),
        "B": met(ReadingSource.README, 5, "B"),
        "C": met(ReadingSource.DOCUMENT, 7, "C"),
        "D": met(ReadingSource.DOCUMENT, 9, "D"),
    }
    units, _ = ordered(
        4,
        relation(1, 2, Verb.CREATES),
        relation(2, 3, Verb.CALLS),
        relation(3, 2, Verb.HOLDS),
        **meetings,
    )
    assert units == "ABCD"


def test_a_base_comes_before_what_extends_it() -> None:
    units, _ = ordered(
        4,
        relation(1, 3, Verb.INHERITS),
        A=met(ReadingSource.README, 1, "A"),
        B=met(ReadingSource.GUIDE, 5, "B"),
        C=met(ReadingSource.GUIDE, 7, "C"),
    )
    assert units == "ADBC"


def core(tree: Path, code: str) -> Analysis:
    return analysed(tree, {"app/core.py": code})


def candidate(*symbols: int) -> Candidate:
    return Candidate(symbols=symbols, worth=1.0, leaders=symbols)


def place(line: int, text: int = 0) -> Encounter:
    return Encounter(ReadingSource.GUIDE, text, line, 0, "docs/guide.rst")


def test_a_type_is_met_where_the_function_is_that_makes_it(
    tmp_path: Path,
) -> None:
    code = (
        "class Command:\n    pass\n\n\nclass Option:\n    pass\n\n\n"
        "def command(name) -> Command:\n    return Command()\n\n\n"
        "def option(name) -> str:\n    return name\n"
    )
    project = core(tmp_path, code)
    met = meetings(
        [candidate(0), candidate(1)],
        project.definitions,
        {
            "Command": place(9),
            "command": place(2),
            "Option": place(8),
            "option": place(1),
        },
        dict.fromkeys(range(4), 1.0),
        project.files,
    )
    assert met == {0: (place(2), "command"), 1: (place(8), "Option")}


def test_functions_are_met_with_their_leader_in_one_text_and_types_with_any(
    tmp_path: Path,
) -> None:
    code = "".join(f"def {name}():\n    pass\n\n\n" for name in "abc")
    code += "class D:\n    pass\n\n\nclass E:\n    pass\n"
    project = core(tmp_path, code)
    met = meetings(
        [candidate(0, 1), candidate(2, 1), candidate(3, 4)],
        project.definitions,
        {
            "a": place(9),
            "b": place(2),
            "c": place(3, text=1),
            "D": place(9),
            "E": place(1),
        },
        dict.fromkeys((0, 2, 3, 4), 1.0) | {1: 1.0},
        project.files,
    )
    assert met == {
        0: (place(9), "a"),
        1: (place(2), "b"),
        2: (place(1), "E"),
    }


def test_functions_are_met_with_any_of_their_title_in_the_readme(
    tmp_path: Path,
) -> None:
    code = "".join(f"def {name}():\n    pass\n\n\n" for name in "ab")
    first = replace(place(2), source=ReadingSource.README_EXAMPLE)
    project = core(tmp_path, code)
    met = meetings(
        [candidate(0, 1)],
        project.definitions,
        {"a": replace(first, line=9), "b": first},
        {0: 1.0, 1: 1.0},
        project.files,
    )
    assert met == {0: (first, "b")}


def test_a_type_is_met_right_after_the_function_that_returns_it(
    tmp_path: Path,
) -> None:
    code = (
        "class Engine:\n    pass\n\n\n"
        "def default_engine() -> Engine:\n    return Engine()\n"
    )
    project = core(tmp_path, code)
    met = meetings(
        [candidate(0), candidate(1)],
        project.definitions,
        {"Engine": place(9), "default_engine": place(2)},
        {0: 1.0, 1: 1.0},
        project.files,
    )
    units = [
        replace(unit("Engine"), symbols=(0,)),
        replace(unit("default_engine"), symbols=(1,)),
    ]
    steps = order(units, [], met, project.definitions)
    assert [step.unit for step in steps] == [1, 0]
    assert steps[1].reasoning == (
        "A guide names `default_engine` (docs/guide.rst:2), which returns `Engine`."
    )


def test_a_function_with_a_namesake_does_not_say_where_its_result_is_met(
    tmp_path: Path,
) -> None:
    code = (
        "class Binding:\n    pass\n\n\n"
        "def Default() -> Binding:\n    return Binding()\n"
    )
    project = analysed(
        tmp_path,
        {"app/core.py": code, "app/other.py": "def Default():\n    pass\n"},
    )
    met = meetings(
        [candidate(0)],
        project.definitions,
        {"Default": place(2)},
        dict.fromkeys(range(3), 1.0),
        project.files,
    )
    assert met == {}


def test_a_base_of_what_the_readme_shows_comes_right_after_it() -> None:
    units, _ = ordered(
        4,
        relation(1, 3, Verb.EMBEDS),
        relation(3, 1, Verb.HOLDS),
        A=met(ReadingSource.README_EXAMPLE, 1, "A"),
        B=met(ReadingSource.README_EXAMPLE, 2, "B"),
        C=met(ReadingSource.README_EXAMPLE, 3, "C"),
    )
    assert units == "ABDC"


def module(name: str) -> str:
    methods = "".join(
        f"    def step_{number}(self):\n        return {number}\n\n"
        for number in range(9)
    )
    return f"class {name}:\n{methods}"


def test_what_texts_call_classic_comes_after_the_others_they_name(
    tmp_path: Path,
) -> None:
    files = {
        "README.md": "# app\n\nThe classic APIs (`app.OldWay`, `app.OldTool`) remain.\n",
        "docs/guide.md": "# Guide\n\nUse `app.NewWay`, not `app.OldWay`.\n",
        "app/old.py": module("OldWay"),
        "app/tool.py": module("OldTool"),
        "app/new.py": module("NewWay"),
    }
    project = analysed(tmp_path, files)
    names = [project.units[step.unit].name for step in project.order]
    assert names == ["NewWay", "OldWay", "OldTool"]
    assert project.order[1].reasoning == (
        "A text on older ways names `OldWay` (README.md:3)."
    )


def test_a_package_that_no_document_names_comes_last(tmp_path: Path) -> None:
    files = {
        "README.md": "# app\n\nA library.\n",
        "docs/guide.md": "# Guide\n\nUse `app.Main`, `app.SideDoor` and `app.Other`.\n",
        "app/main.py": module("Main"),
        "app/aside/side.py": module("SideDoor"),
        "app/aside/README.md": "# aside\n\nUse `aside.SideDoor`.\n",
        "app/other.py": module("Other"),
    }
    project = analysed(tmp_path / "unnamed", files)
    assert [project.units[step.unit].name for step in project.order] == [
        "Main",
        "Other",
        "SideDoor",
    ]
    files["docs/guide.md"] += "\nOr import `app.aside`.\n"
    project = analysed(tmp_path / "named", files)
    assert project.units[project.order[1].unit].name == "SideDoor"
