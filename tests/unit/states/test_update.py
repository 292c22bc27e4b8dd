"""Which items of an earlier course are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.course_paths import ChapterRef, chapter_paths
from states.manifest import Identity
from states.stages import State
from states.update import Part, Plan, compare, plan, still_kept, unusable
from tests.support.builders import completed

SIGNER = Part(name="Signer", paths=("signer.py",))
SHOP = Part(name="Shop", paths=("shop.py", "till.py"))
CHAPTERS = (
    ChapterRef(index=1, name="Signer"),
    ChapterRef(index=2, name="Shop"),
)
YAML = {
    "step1_abstractions.yaml",
    "step2_relationships.yaml",
    "step3_order.yaml",
}
OLD = {"signer.py": "a", "shop.py": "b", "till.py": "c", "other.py": "d"}
NAMES = st.sampled_from(["a.py", "b.py", "c.py", "d.md", "e/f.py", "e/g.py"])
TREES = st.dictionaries(NAMES, st.sampled_from("123"))
PATHS = st.lists(NAMES | st.sampled_from(["e", "./a.py"]), max_size=3)


def planned(new: Mapping[str, str], old: Mapping[str, str] = OLD) -> Plan:
    return plan(old, new, [SIGNER, SHOP], CHAPTERS)


def files_of(
    paths: Sequence[str], tree: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the files of a tree that are named, or whose folder is named."""
    return {
        path: content
        for path, content in tree.items()
        if path in paths or path.partition("/")[0] in paths
    }


def pages(number: int) -> set[str]:
    return set(chapter_paths(CHAPTERS[number - 1]))


def test_everything_is_kept_if_nothing_has_changed() -> None:
    assert planned(OLD).kept == YAML | pages(1) | pages(2)


def test_a_chapter_goes_with_a_changed_file_of_its_abstraction() -> None:
    assert planned(OLD | {"till.py": "new"}).kept == YAML | pages(1)


def test_all_chapters_are_dropped_if_all_files_have_changed() -> None:
    assert planned(dict.fromkeys(OLD, "new")).kept == YAML


def test_a_changed_file_that_no_abstraction_names_changes_no_chapter() -> None:
    assert planned(OLD | {"other.py": "new"}) == planned(OLD)


def test_a_moved_file_has_not_changed() -> None:
    new = {
        "src/signer.py": "a",
        "shop.py": "b",
        "till.py": "c",
        "other.py": "d",
    }
    assert planned(new) == planned(OLD)


def test_nothing_is_kept_where_an_abstraction_has_lost_a_file() -> None:
    new = {"signer.py": "a", "shop.py": "b", "other.py": "d"}
    decided = planned(new)
    assert decided.kept == frozenset()
    assert decided.why == "the abstraction 'Shop' has lost its file till.py"


def test_nothing_is_kept_where_many_source_files_belong_to_nothing() -> None:
    old = OLD | {f"part{number}.py": str(number) for number in range(16)}
    one_more = {f"new{number}.py": f"n{number}" for number in range(3)}
    two_more = dict(list(one_more.items())[:2])
    assert planned(old | two_more, old).why is None
    assert planned(old | one_more, old).why == (
        "20 source files belong to no abstraction; before: 17 of 20"
    )


def test_documents_do_not_count_as_source_files() -> None:
    pages_of_docs = {f"docs/{number}.md": f"n{number}" for number in range(30)}
    assert planned(OLD | pages_of_docs) == planned(OLD)


def test_a_folder_counts_as_the_files_in_it() -> None:
    part = Part(name="Signer", paths=("src/",))
    old = {"src/a.py": "1", "b.py": "2"}
    kept = [
        plan(old, new, [part], CHAPTERS[:1]).kept
        for new in (old | {"b.py": "3"}, old | {"src/a.py": "3"})
    ]
    assert kept == [YAML | pages(1), YAML]


def test_a_folder_has_lost_a_file_that_was_in_it() -> None:
    part = Part(name="Signer", paths=("src",))
    old = {"src/a.py": "1", "src/b.py": "2"}
    decided = plan(old, {"src/b.py": "2"}, [part], CHAPTERS[:1])
    assert decided.kept == frozenset()
    assert decided.why == "the abstraction 'Signer' has lost its file src/a.py"
    more = old | {"src/c.py": "3"}
    assert plan(old, more, [part], CHAPTERS[:1]).kept == YAML
    beside = old | {"src2/a.md": "3"}
    assert plan(old, beside, [part], CHAPTERS[:1]).kept == YAML | pages(1)


@pytest.mark.parametrize(
    "paths", [(), ("./a.py",), ("/repository/a.py",), ("b.py", "a.py:1-9")]
)
def test_an_abstraction_whose_files_are_unknown_rests_on_everything(
    paths: tuple[str, ...],
) -> None:
    part = Part(name="Signer", paths=paths)
    old = {"a.py": "1", "b.py": "1"}
    changed = old | {"a.py": "2"}
    assert plan(old, old, [part], CHAPTERS[:1]).kept == YAML | pages(1)
    assert plan(old, changed, [part], CHAPTERS[:1]).kept == YAML


def test_a_difference_counts_every_file_once() -> None:
    old = {"same.py": "1", "changed.py": "2", "gone.py": "3", "old.py": "4"}
    new = {"same.py": "1", "changed.py": "5", "new.py": "4", "come.py": "6"}
    assert compare(old, new).touched == 4


def test_a_file_moves_to_one_place_only() -> None:
    difference = compare({"a.py": "1", "b.py": "1"}, {"c.py": "1"})
    assert difference.renamed == {"a.py": "c.py"}
    assert difference.deleted == {"b.py"}


def test_among_equal_files_the_one_with_the_same_name_has_moved() -> None:
    old = {"a/one.py": "1", "a/two.py": "1"}
    new = {"b/two.py": "1", "c/one.py": "1"}
    assert compare(old, new).renamed == {
        "a/one.py": "c/one.py",
        "a/two.py": "b/two.py",
    }


@given(TREES, TREES)
def test_a_difference_accounts_for_every_file(
    old: dict[str, str], new: dict[str, str]
) -> None:
    difference = compare(old, new)
    same = {path for path in old if new.get(path) == old[path]}
    moved = difference.renamed
    gone = difference.changed | difference.deleted | moved.keys()
    come = difference.changed | difference.added | set(moved.values())
    assert same | gone == old.keys()
    assert same | come == new.keys()
    assert not same & gone
    assert len(set(moved.values())) == len(moved)
    assert all(old[path] == new[moved[path]] for path in moved)


def test_equal_files_that_moved_keep_their_names() -> None:
    old = {"a.py": "1", "b.py": "1"}
    new = {"src/b.py": "1", "src/c/a.py": "1"}
    renamed = {"a.py": "src/c/a.py", "b.py": "src/b.py"}
    assert compare(old, new).renamed == renamed


@given(TREES, TREES, PATHS)
def test_nothing_is_kept_whose_file_changed(
    old: dict[str, str], new: dict[str, str], paths: list[str]
) -> None:
    part = Part(name="Signer", paths=tuple(paths))
    decided = plan(old, new, [part], CHAPTERS[:1])
    contents = set(new.values())
    for path in files_of(paths, old):
        if path not in new and old[path] not in contents:
            assert decided.kept == frozenset()
        if new.get(path, old[path]) != old[path]:
            assert not decided.kept & pages(1)


@given(TREES, TREES, PATHS)
def test_nothing_is_made_whose_files_are_the_same(
    old: dict[str, str], new: dict[str, str], paths: list[str]
) -> None:
    known = [path for path in paths if files_of([path], old)]
    part = Part(name="Signer", paths=tuple(known))
    decided = plan(old, new, [part], CHAPTERS[:1])
    before = files_of(known, old)
    now = files_of(known, new)
    if known and before == now and decided.why is None:
        assert pages(1) <= decided.kept


@given(TREES, PATHS)
def test_everything_is_kept_where_files_have_only_moved(
    old: dict[str, str], paths: list[str]
) -> None:
    new = {f"moved/{path}": content for path, content in old.items()}
    named = [path for path in paths if path in old]
    part = Part(name="Signer", paths=tuple(named))
    for tree in (old, new):
        decided = plan(old, tree, [part], CHAPTERS[:1])
        assert decided.kept == YAML | pages(1)


@given(TREES, st.sets(NAMES, min_size=1))
def test_nothing_is_kept_where_an_abstraction_has_lost_all_its_files(
    old: dict[str, str], lost: set[str]
) -> None:
    parts = [Part(name="Signer", paths=tuple(lost)), SHOP]
    before = old | dict.fromkeys(lost, "lost")
    after = {path: old[path] for path in old if path not in lost}
    decided = plan(before, after, parts, CHAPTERS)
    assert decided.kept == frozenset()
    assert "the abstraction 'Signer' has lost its file" in str(decided.why)


@given(st.integers(1, 40), st.integers(0, 6), st.integers(0, 6))
def test_new_source_files_may_be_a_tenth_of_the_others(
    sources: int, come: int, documents: int
) -> None:
    old = {f"{number}.py": f"{number}" for number in range(sources)}
    new = {f"new{number}.py": f"n{number}" for number in range(come)}
    texts = {f"new{number}.md": f"t{number}" for number in range(documents)}
    part = Part(name="Signer", paths=("0.py",))
    decided = plan(old, old | new | texts, [part], CHAPTERS[:1])
    everything = YAML | pages(1)
    assert decided.kept == (everything if 10 * come <= sources else set())


@given(TREES, PATHS)
def test_the_order_of_arguments_does_not_matter(
    tree: dict[str, str], paths: list[str]
) -> None:
    parts = [Part(name="Signer", paths=tuple(paths)), SHOP]
    turned = dict(reversed(tree.items()))
    forth = plan(tree, OLD, parts, CHAPTERS)
    back = plan(
        turned, dict(reversed(OLD.items())), parts[::-1], CHAPTERS[::-1]
    )
    assert forth.kept == back.kept


@given(TREES, TREES)
def test_the_order_of_files_does_not_matter(
    old: dict[str, str], new: dict[str, str]
) -> None:
    old_turned = dict(reversed(old.items()))
    new_turned = dict(reversed(new.items()))
    assert compare(old, new) == compare(old_turned, new_turned)


def test_no_kept_item_depends_on_one_that_was_made_again() -> None:
    kept = pages(1) | pages(2)
    assert still_kept(kept, []) == kept
    assert still_kept(kept, ["chapters/chapter_2_shop.md"]) == pages(1)
    assert still_kept(kept, ["step2_relationships.yaml"]) == frozenset()


def test_only_a_completed_course_of_the_same_kind_is_followed() -> None:
    earlier = completed()
    engine = earlier.engine
    job = earlier.job_id
    repository = earlier.identity.repository
    new = Identity(job_id="new", repository=repository, branch="main")
    strange = replace(new, repository="https://example.org/a/b")
    collected = replace(earlier, collected=True)
    failed = replace(earlier, state=State.FAILED)
    reasons = {
        f"job {job} cannot update itself": unusable(
            earlier, earlier.identity, engine
        ),
        f"job {job} is about {repository}, not https://example.org/a/b": (
            unusable(earlier, strange, engine)
        ),
        f"job {job} was made with the model None, not another": unusable(
            earlier, new, replace(engine, model="another")
        ),
        f"the files of job {job} were deleted by `gc`": unusable(
            collected, new, engine
        ),
        f"job {job} is failed, not completed": unusable(failed, new, engine),
    }
    assert list(reasons) == list(reasons.values())
    # A different version of the engine is no reason.
    assert unusable(earlier, new, replace(engine, version="9")) is None
