"""A guard is removed from a small tree, whose own tests are run."""

from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.sabotage import __main__ as sabotage
from tests.sabotage.guard import Sabotage
from tests.support.course import write_tree

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "worker/__init__.py": "",
    "worker/stock.py": "def take(count):\n"
    "    # guard: no more than there is\n"
    "    if count > 3:\n"
    "        raise ValueError(count)\n"
    "    return 3 - count\n",
    "tests/test_stock.py": "from pathlib import Path\n\n"
    "import pytest\n\n"
    "from worker.stock import take\n\n\n"
    "def test_that_always_fails():\n"
    "    assert take(1) == 1\n\n\n"
    "def test_that_fails_at_first():\n"
    "    been_here = Path('been_here')\n"
    "    is_first = not been_here.exists()\n"
    "    been_here.touch()\n"
    "    assert not is_first\n\n\n"
    "def test_some():\n"
    "    assert take(1) == 2\n\n\n"
    "def test_too_many():\n"
    "    with pytest.raises(ValueError):\n"
    "        take(4)\n",
    "tests/test_hours.py": "def test_hours():\n    assert True\n",
}


def verdict(tree: Path, test: str) -> sabotage.Verdict:
    trees: SimpleQueue[Path] = SimpleQueue()
    trees.put(tree)
    guard = Sabotage(
        guard="no more than there is",
        expression="count > 3",
        new="False",
        tests=(test,),
    )
    return sabotage.attempt(guard, trees)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sabotage, "ALL_THE_REST", ("tests/test_hours.py",))
    return write_tree(tmp_path, FILES)


def test_the_test_that_fails_without_the_guard_only_has_noticed(
    tree: Path,
) -> None:
    noticed = verdict(tree, "tests/test_stock.py")
    assert noticed.is_noticed
    assert noticed.outcome == "tests/test_stock.py::test_too_many"
    source = (tree / "worker/stock.py").read_text()
    assert source == FILES["worker/stock.py"]


def test_a_guard_that_no_test_misses_is_not_noticed(tree: Path) -> None:
    unnoticed = verdict(tree, "tests/test_stock.py::test_some")
    assert not unnoticed.is_noticed
    assert unnoticed.outcome == "NO TEST HAS NOTICED"


def test_tests_that_cannot_be_run_have_not_noticed(tree: Path) -> None:
    untried = verdict(tree, "tests/test_gone.py")
    assert not untried.is_noticed
    assert untried.outcome.startswith("NOT TRIED: ")
    assert "test_gone.py" in untried.outcome
