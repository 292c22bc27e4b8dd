"""The texts that are kept of the many that name a definition."""

from pathlib import Path

from tests.support.analysed import analysed


def test_the_tests_nearest_to_a_definition_are_remembered(
    tmp_path: Path,
) -> None:
    test = "from shop.till import Till\n\n\ndef test_it():\n    assert Till()\n"
    files = {f"tests/all/test_{number}.py": test for number in range(20)}
    files["tests/zoo/test_tills.py"] = test
    files["shop/till.py"] = "class Till:\n    pass\n"
    mentions = analysed(tmp_path, files).mentions["Till"]
    assert len(mentions) == 12
    assert "tests/zoo/test_tills.py" in mentions
    assert list(mentions) == sorted(mentions)
