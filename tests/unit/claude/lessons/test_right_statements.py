"""True statements that the checker once refused, beside false ones."""

from pathlib import Path

import pytest

from tests.support.course_facts import read
from worker.engines.claude.verify.fault import CheckedClaim
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.pages.course import CourseFacts

FILES = {
    "README.md": "# Shop\n\nShop is a library that counts stock.\n",
    "shop/__init__.py": "",
    "shop/clock.py": '"""Beats."""\n\n\n'
    "class state:\n"
    '    """How a beat is."""\n\n'
    "    name = 'up'\n\n\n"
    "class Refused(Exception):\n"
    '    """No beat."""\n\n\n'
    "class Scheduler:\n"
    '    """Decide when."""\n\n'
    "    def tick(self, link, link_error):\n"
    '        """Beat once."""\n'
    "        if link or link_error:\n"
    "            raise TypeError('no links')\n\n"
    "    def stop(self):\n"
    '        """End."""\n\n\n'
    "class Service:\n"
    '    """Beat on."""\n\n'
    "    def __init__(self, scheduler):\n"
    "        self.scheduler = scheduler\n\n"
    "    def start(self):\n"
    '        """Begin."""\n'
    "        self.scheduler.tick(None, None)\n\n"
    "    def link_error(self):\n"
    '        """Say what failed."""\n\n'
    "    def retry(self, exc):\n"
    '        """Try again."""\n'
    "        raise exc\n",
    "shop/timer.py": '"""Ticks."""\n\n\n'
    "class Timer:\n"
    '    """Tick."""\n\n'
    "    def tick(self):\n"
    '        """Tick once."""\n',
    "shop/work/__init__.py": "from shop.work.state import revoked\n",
    "shop/work/state.py": '"""What is revoked."""\n\nrevoked = set()\n',
    "tests/test_clock.py": "def test_order(g):\n"
    "    class E1(Exception):\n"
    "        pass\n\n"
    "    class E3(E1):\n"
    "        pass\n\n"
    "    g.user = E1\n"
    "    g.basket = E3\n\n\n"
    "def test_name(beat):\n"
    "    beat.retry = beat.stop = beat.start = 1\n"
    "    beat.scheduler = 1\n"
    "    beat.tick = 1\n"
    "    beat.flag = 1\n"
    "    beat.other = 1\n",
}
OWN = (
    "✎ Example `mine.py`:\n\n```python\n"
    "import os\n"
    "from collections import namedtuple\n"
    "from types import SimpleNamespace\n\n"
    "from shop.clock import Scheduler, Service\n\n\n"
    "class Late(Exception):\n    pass\n\n\n"
    "class Patient(Service):\n"
    "    def soothe(self):\n        self.patience = print\n\n\n"
    "Cup = namedtuple('Cup', 'filled sipped')\n"
    "cup = Cup(len, len)\n"
    "os.environ['SHED_KEY'] = 'tea'\n"
    "shelf = SimpleNamespace(emptied=print)\n"
    "cup.sipped('tea')\n"
    "shelf.emptied('tea')\n"
    "Patient(Scheduler()).soothe()\n"
    "patient = Patient(Scheduler())\n"
    "patient.soothe()\n"
    "patient.patience('tea')\n"
    "try:\n    patient.retry(ConnectionError('late'))\n"
    "except ConnectionError:\n    pass\n```"
)


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, FILES)


def claims(facts: CourseFacts, page: str) -> list[tuple[CheckedClaim, str]]:
    faults = Verifier(facts, "English").faults(page)
    return [(fault.claim, fault.text) for fault in faults]


@pytest.mark.parametrize(
    "right",
    [
        "In the test, `E3` inherits from `E1`.",
        "`datetime` is a subclass of `date`.",
        f"{OWN}\n\nThe names begin with `SHED_`.",
        f"{OWN}\n\n`Patient` inherits from `Service`.",
        "A group sent with `link` or `link_error` raises `TypeError`.",
        "A time below `link_error` raises `ValueError`.",
        "One with the argument `link_error` raises `TypeError`.",
        "`Service.start` calls `tick`.",
        "`Service.start` calls `Scheduler.tick`.",
        "Write `from shop.work import state`, then `state.revoked`.",
        f"{OWN}\n\nThen `retry` raises the `ConnectionError`.",
        f"{OWN}\n\nThen `retry` raises `Late`.",
        "It ends with `DID NOT RAISE`.",
        'Here `g.notes = g.get("notes", [])` keeps them.',
        f"{OWN}\n\nThen `shelf.swept = 3` is kept.",
    ],
    ids=lambda text: text[-40:],
)
def test_a_right_statement_is_not_refused(
    facts: CourseFacts, right: str
) -> None:
    assert claims(facts, right) == []


@pytest.mark.parametrize(
    ("claim", "false"),
    [
        (CheckedClaim.INHERITANCE, "In the test, `E1` inherits from `E3`."),
        (
            CheckedClaim.INHERITANCE,
            f"{OWN}\n\n`Service` inherits from `Patient`.",
        ),
        (CheckedClaim.FAILURE, "If so, `link_error` raises `TypeError`."),
        (
            CheckedClaim.FAILURE,
            "In short, the method `retry` raises `Refused`.",
        ),
        (CheckedClaim.FAILURE, f"{OWN}\n\nThen `retry` raises the `Refused`."),
        (CheckedClaim.CALL, "`Service.start` calls `stop`."),
        (CheckedClaim.CALL, "`Service.start` calls `Scheduler.stop`."),
        (CheckedClaim.CALL, "`Scheduler` calls `tick`."),
        (CheckedClaim.MEMBER, "Write `state.rewoked` or `Scheduler.revoked`."),
        (CheckedClaim.SYMBOL, "Then `g.notes` is kept."),
        (CheckedClaim.SYMBOL, "Then `beat.notes = 3` is kept."),
        (CheckedClaim.SYMBOL, "Then `service.notes = 3` is kept."),
        (CheckedClaim.SYMBOL, "It ends with `DID NOT RISE`."),
        (CheckedClaim.SYMBOL, f"{OWN}\n\nThe names begin with `SHOP_`."),
    ],
    ids=str,
)
def test_a_false_statement_beside_it_still_is(
    facts: CourseFacts, claim: CheckedClaim, false: str
) -> None:
    assert claim in {found for found, _ in claims(facts, false)}
