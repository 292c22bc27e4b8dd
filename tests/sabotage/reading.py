"""Guards of what is read: the environment, and repositories as they are."""

from typing import Final

from tests.sabotage.guard import FAILURES, Sabotage

SETTINGS: Final = "tests/unit/test_settings.py"
FOLDER: Final = "tests/unit/source/test_folder.py"
IGNORING: Final = "tests/unit/system/test_gitignore.py"
LOCAL: Final = "tests/integration/test_source_local.py"

READING: Final = (
    Sabotage(
        guard="what cannot be seen around a variable's value is refused",
        file="worker/settings/settings.py",
        old="if value is not None and (fault := surplus_fault(value)):",
        new='if value is not None and (fault := ""):',
        tests=(SETTINGS,),
    ),
    Sabotage(
        guard="certificates that are not there are refused",
        file="worker/settings/settings.py",
        old="        if value is not None and self._here:",
        new="        if value is not None and not self._here:",
        tests=(SETTINGS,),
    ),
    Sabotage(
        guard="of a plain folder, what an ignore file names stays out of the snapshot",
        file="worker/source/folder.py",
        old="        is_ignored = rules_for(self._path.resolve())",
        new="        is_ignored = rules_for(self._path.resolve() / NAME)",
        tests=(FOLDER,),
    ),
    Sabotage(
        guard="the ignore files of the repository around a folder count",
        file="worker/system/gitignore.py",
        old="    if top is not None:",
        new="    if False:",
        tests=(IGNORING,),
    ),
    Sabotage(
        guard="a file that changes while it is read is no part of a commit",
        file="worker/source/folder.py",
        old="        if left != 0:",
        new="        if False:",
        tests=(FOLDER,),
    ),
    Sabotage(
        guard="a link that takes a file's place is not followed",
        file="worker/source/folder.py",
        old="os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        new="os.O_RDONLY | os.O_NONBLOCK",
        tests=(FOLDER,),
    ),
    Sabotage(
        guard="a file that no folder takes is left out",
        file="worker/source/scratch_repository.py",
        old="            if not unusable:",
        new="            if unusable or not unusable:",
        tests=(LOCAL,),
    ),
    Sabotage(
        guard="paths that are too long for any folder are left out",
        file="worker/source/files.py",
        old="    return len(os.fsencode(name)) > _MAX_PATH_BYTES or name.count",
        new="    return False and name.count",
        tests=(FOLDER, LOCAL),
    ),
    Sabotage(
        guard="a repository without text is not the engine's fault",
        file="worker/run/produce.py",
        old="        if isinstance(failure, NoMaterialError):",
        new="        if False:",
        tests=(FAILURES,),
    ),
)
