"""A guard of the program, and how it is taken out."""

from dataclasses import dataclass
from typing import Final

CRASHES: Final = "tests/simulation/test_crashes.py"
DAMAGE: Final = "tests/simulation/test_damage.py"
FAILURES: Final = "tests/simulation/test_failures.py"
RUNS: Final = "tests/simulation/test_runs.py"
RIVALS: Final = "tests/simulation/test_rivals.py"
REFUSALS: Final = "tests/simulation/test_refusals.py"
ON_S3: Final = "tests/integration/test_job_on_s3.py"
TAKEOVER: Final = "tests/simulation/test_takeover.py"
TELLING: Final = "tests/simulation/test_telling.py"
COLLECTING: Final = "tests/integration/test_collecting.py"
WEBHOOK: Final = "tests/integration/test_webhook.py"
WEBHOOK_DEADLINE: Final = "tests/integration/test_webhook_deadline.py"
COMMANDS: Final = "tests/integration/test_commands.py"
PROCESSES: Final = "tests/integration/test_process.py"
CONTRACT: Final = "tests/contract/test_store.py"
SHARING: Final = "tests/contract/test_sharing.py"
FULL_DISK: Final = "tests/acceptance/test_full_disk.py"
ODD_STARTS: Final = "tests/acceptance/test_odd_starts.py"
GIT_DISK: Final = "tests/integration/test_source_git_disk.py"
CHECKPOINTS: Final = "tests/unit/ownership/test_log.py"
COURSES: Final = "tests/unit/course/test_formats.py"
LETTING_GO: Final = "tests/simulation/test_letting_go.py"
FOLDERS: Final = "tests/unit/run/test_workspace.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sabotage:
    """One guard; `tests` are those that are likely to notice its loss."""

    guard: str
    file: str
    old: str
    """Stands exactly once in the file."""
    new: str
    tests: tuple[str, ...]
