"""Guards of what is read: the environment and repositories."""

from typing import Final

from tests.sabotage.guard import FAILURES, Sabotage

SETTINGS: Final = "tests/unit/test_settings.py"
FOLDER: Final = "tests/unit/source/test_folder.py"
CHANGING: Final = (
    f"{FOLDER}::"
    "test_a_file_that_changes_while_it_is_read_is_a_temporary_error_that_names_it"
)
IGNORING: Final = "tests/unit/system/test_gitignore.py"
LOCAL: Final = "tests/integration/test_source_local.py"

READING: Final = (
    Sabotage(
        guard="invisible characters around a variable's value are refused",
        expression="stray_fault(value)",
        new="None",
        tests=(SETTINGS,),
    ),
    Sabotage(
        guard="signals that the parent has blocked are received",
        new="pass",
        tests=(
            "tests/integration/test_starting.py::test_signals_that_its_parent_has_blocked_are_received",
        ),
    ),
    Sabotage(
        guard="missing certificates are refused",
        expression="self._here",
        new="not self._here",
        tests=(SETTINGS,),
    ),
    Sabotage(
        guard="of a plain folder, what an ignore file names stays out of the snapshot",
        expression="self._path.resolve()",
        new="self._path.resolve() / NAME",
        tests=(FOLDER,),
    ),
    Sabotage(
        guard="the ignore files of the repository around a folder count",
        expression="top is not None",
        new="False",
        tests=(IGNORING,),
    ),
    Sabotage(
        guard="a file that changes while it is read is no part of a commit",
        expression="left != 0",
        new="False",
        tests=(CHANGING,),
    ),
    Sabotage(
        guard="a link that takes a file's place is not followed",
        expression="os.O_RDONLY | os.O_NOFOLLOW",
        new="os.O_RDONLY",
        tests=(CHANGING,),
    ),
    Sabotage(
        guard="a file that no folder can hold is left out",
        expression="not unusable",
        new="unusable or not unusable",
        tests=(LOCAL,),
    ),
    Sabotage(
        guard="paths that are too long for any folder are left out",
        expression="length > _MAX_PATH_BYTES or depth > _MAX_DEPTH",
        new="False",
        tests=(FOLDER, LOCAL),
    ),
    Sabotage(
        guard="a repository without text is not the engine's fault",
        expression="isinstance(failure, NoMaterialError)",
        new="False",
        tests=(
            f"{FAILURES}::test_a_repository_with_nothing_to_teach_is_a_fault_of_the_input",
        ),
    ),
)
