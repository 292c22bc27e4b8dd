"""Guards against what a machine may be like: full disks, shared folders, other locales and file systems."""

from typing import Final

from tests.sabotage.guard import CHECKPOINTS, COURSES, FAILURES, FOLDERS, FULL_DISK, GIT_DISK, ODD_STARTS, Sabotage

MACHINE: Final = (
    Sabotage(
        guard="a full disk is not the git host's fault",
        file="worker/source/program.py",
        old="        if finished.code != 0 and (fault := _disk_fault(finished, folder)):",
        new="        if False and (fault := _disk_fault(finished, folder)):",
        tests=(GIT_DISK, FULL_DISK),
    ),
    Sabotage(
        guard="what may pass is not the configuration's fault",
        file="worker/disk.py",
        old="    if error.errno in PASSING:\n",
        new="    if False:\n",
        tests=("tests/unit/test_disk.py",),
    ),
    Sabotage(
        guard="an engine is stopped before its stage is tried again",
        file="worker/making.py",
        old="            self._engine.stop()  # the stage will be tried again\n",
        new="",
        tests=(FAILURES,),
    ),
    Sabotage(
        guard="an answer that is lost is not a success",
        file="worker/cli.py",
        old="        return code or Exit.TEMPORARY",
        new="        return code",
        tests=(FULL_DISK,),
    ),
    Sabotage(
        guard="a run's folder is locked before it is seen",
        file="worker/workspace.py",
        old='    fresh = path.with_name(f"{_UNFINISHED}{path.name}-{number}")',
        new="    fresh = path",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="what a kill leaves of a folder in the making is removed",
        file="worker/workspace.py",
        old='    for name in (job_id, f"{_UNFINISHED}{job_id}"):',
        new="    for name in (job_id,):",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="a folder that another run takes for left behind is made anew",
        file="worker/workspace.py",
        old="_TRIES: Final = 10",
        new="_TRIES: Final = 1",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="the folders of job `a.b` are not those of job `a`",
        file="worker/workspace.py",
        old='            if folder.name.rpartition(".")[0] == name:',
        new="            if True:",
        tests=(FOLDERS,),
    ),
    Sabotage(
        guard="a shared place is used only if it is this user's alone",
        file="worker/workspace.py",
        old="        if not is_ours or found.st_mode & _OTHERS_WRITE:",
        new="        if False:",
        tests=(ODD_STARTS,),
    ),
    Sabotage(
        guard="a name of which no file can be made is refused",
        file="worker/course.py",
        old="    if longest > MAX_NAME_BYTES:\n",
        new="    if False:\n",
        tests=(COURSES,),
    ),
    Sabotage(
        guard="jobs whose names differ in case are two jobs",
        file="worker/checkpoint.py",
        old="        if manifest.job_id != self._job_id:\n",
        new="        if False:\n",
        tests=(CHECKPOINTS,),
    ),
    Sabotage(
        guard="files have the same names in every locale",
        file="worker/__main__.py",
        old="    _name_files_in_utf8()\n",
        new="",
        tests=(ODD_STARTS,),
    ),
    Sabotage(
        guard="a log that takes nothing changes nothing",
        file="worker/__main__.py",
        old="            return memoryview(data).nbytes\n",
        new="            raise\n",
        tests=(FULL_DISK, "tests/acceptance/test_on_a_terminal.py"),
    ),
    Sabotage(
        guard="standard streams that are closed are opened",
        file="worker/__main__.py",
        old="    _open_standard_streams()\n",
        new="",
        tests=(ODD_STARTS,),
    ),
)
