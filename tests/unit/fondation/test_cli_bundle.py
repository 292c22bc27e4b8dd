"""How the CLI is found."""

from pathlib import Path

import pytest

from states.stages import Stage
from worker.engines.fondation.cli_bundle import find_bundle
from worker.errors import ConfigError

ALL = [
    "cloud-run/cli.bundled.cjs",
    "dist/cli.bundled.cjs",
    "dist/cli.bundled.mjs",
]


def put(folder: Path, name: str, text: str = "// code\n") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", ALL)
def test_a_bundle_is_found_wherever_it_is_built(
    tmp_path: Path, name: str
) -> None:
    file = put(tmp_path, name)
    bundle = find_bundle(tmp_path)
    assert bundle
    argv = bundle.argv(Path("/repository"), Path("/output"), Stage.ORDER)
    assert argv == (
        "node",
        str(file),
        "analyze",
        "/repository",
        "--output-dir",
        "/output",
        "--steps",
        "order",
    )
    assert bundle.argv(Path("/r"), Path("/o"), None)[-2:] == (
        "--output-dir",
        "/o",
    )


def test_the_first_of_several_is_taken(tmp_path: Path) -> None:
    files = [put(tmp_path, name) for name in reversed(ALL)]
    bundle = find_bundle(tmp_path)
    assert bundle
    assert bundle.files == (files[-1],)


def test_the_script_is_a_cli_too_that_bun_runs(tmp_path: Path) -> None:
    put(tmp_path, "src/analyze-all.ts")
    bundle = find_bundle(tmp_path)
    assert bundle
    assert bundle.argv(Path("/r"), Path("/o"), None) == (
        "bun",
        "run",
        "src/analyze-all.ts",
        "/r",
        "--output-dir",
        "/o",
    )


def test_a_folder_without_a_cli_has_no_bundle(tmp_path: Path) -> None:
    (tmp_path / ALL[0]).mkdir(parents=True)
    assert find_bundle(tmp_path) is None
    assert find_bundle(tmp_path / "nowhere") is None


def test_the_version_changes_with_every_file_of_the_cli(tmp_path: Path) -> None:
    versions = []
    for name, text in (
        ("src/analyze-all.ts", "1"),
        ("src/steps/order.ts", "2"),
        ("src/steps/order.ts", "3"),
        (ALL[0], "4"),
    ):
        put(tmp_path, name, text)
        bundle = find_bundle(tmp_path)
        assert bundle
        assert bundle.version() == bundle.version()
        versions.append(bundle.version())
    assert len(set(versions)) == 4
    assert {len(version) for version in versions} == {12}


def test_a_folder_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    too_long = tmp_path / (300 * "a")
    with pytest.raises(ConfigError, match="File name too long"):
        find_bundle(too_long)


def test_a_cli_that_disappears_before_it_is_read_is_a_clear_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "dist").mkdir()
    file = tmp_path / "dist" / "cli.bundled.cjs"
    file.write_text("")
    bundle = find_bundle(tmp_path)
    assert bundle is not None
    file.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        bundle.version()
