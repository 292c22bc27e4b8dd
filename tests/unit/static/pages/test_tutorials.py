"""The tutorials: things to do."""

from pathlib import Path

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import tutorials

USE = "from shop import Store\n\nstore = Store()\nstore.sell('apple')\n"


def test_a_reader_builds_runs_stops_and_breaks(tmp_path: Path) -> None:
    files = {
        **PYTHON,
        "pyproject.toml": '[project]\nname = "shop"\n',
        "README.md": f"# Shop\n\n```python\n{USE}```\n",
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert ".venv/bin/pip install -e . pytest" in page
    assert (
        "Save it as `try_it.py`, and run `.venv/bin/python try_it.py`." in page
    )
    assert "Set a breakpoint at `shop/store.py:" in page
    assert "## Questions" in page


def test_a_build_is_named_by_the_nearest_manifest(tmp_path: Path) -> None:
    files = {
        "go/go.mod": "module m\n",
        "go/a.go": "package m\n\n// Sell sells.\nfunc Sell() int {\n\treturn 1\n}\n",
        "package.json": "{}",
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "Sell"))
    assert "In the folder `go`, which has `go.mod`:" in page
    assert "go build ./..." in page
    assert "npm install" not in page


def test_a_document_is_read_by_its_sections(tmp_path: Path) -> None:
    text = "# Top\n\nThis is about bread.\n\n## Flour\n\nTake white flour.\n"
    facts = read(tmp_path, {"README.md": text})
    page = tutorials.written(facts, facts.chapters[0])
    assert "## Step 1: Read " in page
