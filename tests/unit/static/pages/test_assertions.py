"""The lines of a test that a chapter quotes."""

from pathlib import Path

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import assertions, project_tests

GROUP = "class Group:\n    def get(self):\n        return 1\n"
TEST = """\
def test_group():
    result = Group().get()
    assert result == 1
    filler = [
        1,
        2,
        3,
    ]
    # this counts what a Group counts
    child = 'Group'
    child_of_Group = 1
    assert child
"""


def test_a_name_in_a_comment_or_a_text_is_no_use(tmp_path: Path) -> None:
    files = {"group.py": GROUP, "tests/test_group.py": TEST}
    facts = read(tmp_path, files)
    (test,) = project_tests.found(facts, chapter_of(facts, "Group"))
    assert assertions.decisive(facts, test) == (2, 3)
