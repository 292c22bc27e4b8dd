"""Guards against a machine's peculiarities: full disks, shared folders, locales, file systems."""

from typing import Final

from tests.sabotage.guard import (
    CHECKPOINTS,
    COURSES,
    FAILURES,
    FOLDERS,
    FULL_DISK,
    GIT_DISK,
    ODD_STARTS,
    Sabotage,
)

MACHINE: Final = (
    Sabotage(
        guard="a full disk is not the git host's fault",
        expression="finished.code != 0",
        new="False",
        tests=(GIT_DISK, FULL_DISK),
    ),
    Sabotage(
        guard="a temporary error is not the configuration's fault",
        expression="error.errno in PASSING",
        new="False",
        tests=("tests/unit/system/test_disk.py",),
    ),
    Sabotage(
        guard="an engine is stopped when its stage is left",
        new="pass",
        tests=(FAILURES, "tests/simulation/test_paid_endings.py"),
    ),
    Sabotage(
        guard="an answer that is lost is not a success",
        expression="code or Exit.TEMPORARY",
        new="code",
        tests=(FULL_DISK,),
    ),
    Sabotage(
        guard="a run's folder is locked before it is seen",
        expression="path.with_name(f'{_UNFINISHED}{path.name}-{number}')",
        new="path",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="what a kill leaves of a folder in the making is removed",
        expression="(job_id, f'{_UNFINISHED}{job_id}')",
        new="(job_id,)",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="a folder that another run has removed as abandoned is made again",
        expression="10",
        new="1",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="the folders of job `a.b` are not those of job `a`",
        expression="folder.name.rpartition('.')[0] == name",
        new="True",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="a shared folder is used only if it is this user's alone",
        expression="not is_ours or mode & _OTHERS_WRITE",
        new="False",
        tests=(ODD_STARTS,),
    ),
    Sabotage(
        guard="a name that cannot be a file's is refused",
        expression="longest > MAX_NAME_BYTES",
        new="False",
        tests=(COURSES,),
    ),
    Sabotage(
        guard="jobs whose names differ in case are two jobs",
        expression="manifest.job_id != self._job_id",
        new="False",
        tests=(CHECKPOINTS,),
    ),
    Sabotage(
        guard="files have the same names in every locale",
        new="pass",
        tests=(ODD_STARTS,),
    ),
    Sabotage(
        guard="a log that takes nothing changes nothing",
        new="raise",
        tests=(FULL_DISK, "tests/acceptance/test_on_a_terminal.py"),
    ),
    Sabotage(
        guard="standard streams that are closed are opened",
        new="pass",
        tests=(ODD_STARTS,),
    ),
)
