"""The failures of a chapter's code in its prompt."""

from pathlib import Path

from tests.support.course_facts import chapter_of, read
from worker.engines.claude import failing

STORE = '''"""Sells loaves."""


class Store:
    """A store that sells loaves."""

    def sell(self, loaf):
        """Sell a loaf."""
        try:
            return self.shelf[loaf]
        except KeyError:
            raise SoldOut("no such loaf")

    def order(self, loaf):
        """Order a loaf."""
        raise NotImplementedError("left to subclasses")


class ClosedStore(Store):
    """A store that sells nothing."""

    def _refuse(self, *args):
        raise RuntimeError("closed")

    sell = order = _refuse


class SoldOut(Exception):
    """Nothing is left."""
'''


def test_failures_come_with_their_handlers_and_the_other_names_of_their_methods(
    tmp_path: Path,
) -> None:
    facts = read(
        tmp_path,
        {
            "shop/store.py": STORE,
            "README.md": "# Shop\n\nA `Store` sells; a `ClosedStore` does not.\n",
        },
    )
    sentences = failing.sentences(facts, chapter_of(facts, "Store"))
    raised = "turns `KeyError` into `SoldOut` (`shop/store.py:12`)"
    abstract = "raises `NotImplementedError` (`shop/store.py:16`)"
    refused = "raises `RuntimeError` (`shop/store.py:23`)"
    assert sentences == [
        f'`Store.sell` {raised}: `"no such loaf"`',
        f'`Store.order` {abstract}: `"left to subclasses"`',
        f'`ClosedStore._refuse` {refused}: `"closed"`',
        "`sell` and `order` of `ClosedStore` are `ClosedStore._refuse`.",
        "`Store.sell` catches `KeyError` (`shop/store.py:9-12`).",
    ]
