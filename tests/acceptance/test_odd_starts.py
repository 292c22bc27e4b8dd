"""The program in odd environments: closed streams, no home, another locale, a deleted folder."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.support.git_repository import Repository
from tests.support.user import (
    PROGRAM,
    CommandResult,
    User,
    bare_environment,
    files_below,
)

FILES: Final = {
    "README.md": "# Läden\n\nVerkauft, was auch immer kommt.\n".encode(),
    "données/modèle.py": b'class Order:\n    """What a customer wants."""\n\n'
    b"    def total(self):\n        return 0\n",
    "shop.py": b'class Basket:\n    """Collects things."""\n\n    def add(self, thing):\n'
    b"        self.thing = thing\n",
}
NO_USER: Final = ("unshare", "--user", "--map-user=54321")


@pytest.fixture
def shop(user: User) -> User:
    """A user with a repository `shop`."""
    Repository(user.home / "shop", bare=False).commit(FILES)
    return user


def course(
    user: User,
    name: str,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Make a new course of `shop`; return its files."""
    place = user.home / name
    somewhere = replace(
        user, environment={"XDG_DATA_HOME": str(place), **environment}
    )
    somewhere.run("run", "shop", "--out", str(place / "course"))
    return files_below(place / "course")


def shell(user: User, script: str, **environment: str) -> CommandResult:
    """Run the program as a shell script starts it (`"$0"`)."""
    given = {
        **bare_environment(),
        "HOME": str(user.home),
        "TMPDIR": str(user.home),
        **environment,
    }
    done = subprocess.run(
        ["sh", "-c", script, PROGRAM],
        cwd=user.home,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    return CommandResult(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.parametrize(
    "closed",
    ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"],
)
def test_closed_streams_make_no_difference(shop: User, closed: str) -> None:
    result = shell(shop, f'"$0" run shop --out course {closed}')
    assert result.code == 0, result.err
    assert (shop.home / "course/step3_order.yaml").is_file()
    assert shell(shop, f'"$0" status nobody {closed}').code == 65


@pytest.mark.parametrize(
    "odd",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"},
        {
            "LANG": "no_SUCH.locale",
            "TZ": "nowhere",
            "PYTHONIOENCODING": "ascii",
        },
    ],
    ids=["ascii", "posix", "none"],
)
def test_the_same_commit_is_the_same_course_in_every_locale(
    shop: User, odd: Mapping[str, str]
) -> None:
    assert course(shop, "odd", odd) == course(
        shop, "usual", {"LC_ALL": "C.UTF-8"}
    )


def test_the_same_commit_is_the_same_course_where_names_are_latin_1(
    shop: User, tmp_path: Path
) -> None:
    made = tmp_path / "locales" / "en_US.ISO-8859-1"
    made.parent.mkdir()
    if shutil.which("localedef") is None:
        pytest.skip(
            "NOT TESTED: localedef, which makes locales, is not installed"
        )
    subprocess.run(
        ["localedef", "-i", "en_US", "-f", "ISO-8859-1", made],
        check=False,
        capture_output=True,
    )
    if not made.is_dir():
        pytest.skip(
            "NOT TESTED: the sources of locales are not installed (Debian: locales)"
        )
    latin = {"LOCPATH": str(made.parent), "LC_ALL": made.name}
    assert course(shop, "latin", latin) == course(shop, "usual")
    (shop.home / "shop").rename(shop.home / "проект")
    replace(shop, environment=latin).run("run", "проект", "--out", "out")


@pytest.mark.parametrize("umask", ["000", "077"])
def test_the_same_commit_is_the_same_course_with_any_umask(
    shop: User, umask: str
) -> None:
    result = shell(
        shop,
        f'umask {umask}; "$0" run shop --out course',
        XDG_DATA_HOME=str(shop.home / "data"),
    )
    assert result.code == 0, result.err
    assert files_below(shop.home / "course") == course(shop, "usual")


def test_a_name_that_no_encoding_can_show_is_shown_somehow(
    shop: User,
) -> None:
    shop.run("run", "shop", "--out", "проект", PYTHONIOENCODING="ascii")


def test_the_message_for_a_missing_home_says_what_to_set(shop: User) -> None:
    if (
        subprocess.run(
            [*NO_USER, "true"], check=False, capture_output=True
        ).returncode
        != 0
    ):
        pytest.skip(
            "NOT TESTED: unshare --user cannot make a user without an entry in /etc/passwd"
        )
    homeless = replace(shop, before=(*NO_USER, "env", "-u", "HOME"))
    for argv in (("list",), ("run", "shop"), ("gateway", "--port", "0")):
        result = homeless.run(*argv, code=78)
        assert (
            "HOME is missing, and user 54321 has no entry in /etc/passwd: set "
            in result.err
        )
    store = f"file://{shop.home}/store"
    homeless.run("run", "shop", "--store", store, "--out", "course")
    assert homeless.run("list", "--store", store, HOME="").out


@pytest.mark.parametrize("home", ["relative", ""])
def test_a_home_that_is_not_a_folder_counts_as_missing(
    user: User, home: str
) -> None:
    user.run("list", HOME=home)
    assert list(user.home.iterdir()) == []


@pytest.mark.parametrize("repository", [".", "$OLDPWD/shop"])
def test_a_deleted_current_folder_is_reported_before_anything_is_done(
    shop: User, repository: str
) -> None:
    script = f'mkdir gone; cd gone; rmdir ../gone; exec "$0" run "{repository}"'
    result = shell(shop, script, STORE_URL=f"file://{shop.home}/store")
    assert result.code == 78
    assert (
        "fondation-worker: the current folder has been deleted: change to another"
        in result.err
    )
    assert not (shop.home / "store").exists()


def test_absolute_paths_need_no_current_folder(
    shop: User,
) -> None:
    result = shell(
        shop,
        'mkdir gone; cd gone; rmdir ../gone; exec "$0" run "$OLDPWD/shop" --out "$OLDPWD/course"',
    )
    assert result.code == 0, result.err


def test_a_missing_temporary_directory_is_passed_over(
    shop: User,
) -> None:
    shop.run("run", "shop", TMPDIR=str(shop.home / "nowhere"))


def test_a_user_without_a_home_causes_no_bug(user: User) -> None:
    assert (
        "'~no-such-user/shop': the home folder is unknown"
        in user.run("run", "~no-such-user/shop", code=64).err
    )


@pytest.mark.parametrize("kind", ["link", "file", "others may write"])
def test_a_shared_place_taken_by_another_user_is_refused(
    shop: User, kind: str
) -> None:
    place = shop.home / f"fondation-worker-{os.getuid()}"
    (shop.home / "trap").mkdir()
    match kind:
        case "link":
            place.symlink_to(shop.home / "trap")
        case "file":
            place.touch()
        case _:
            place.mkdir()
            place.chmod(0o777)
    result = shop.run("run", "shop", code=78)
    assert (
        f"{place} is not a folder that only this user can write to: remove it, or set WORK_DIR"
        in result.err
    )
    assert list((shop.home / "trap").iterdir()) == []


@pytest.mark.skipif(
    os.getuid() != 0, reason="NOT TESTED: only root can give a folder away"
)
def test_a_shared_place_of_another_user_is_refused(shop: User) -> None:
    place = shop.home / "fondation-worker-0"
    place.mkdir(mode=0o700)
    os.chown(place, 54321, 54321)
    assert (
        "is not a folder that only this user can write to"
        in shop.run("run", "shop", code=78).err
    )


def test_a_shared_folder_becomes_this_users_alone_whatever_its_mode(
    shop: User,
) -> None:
    place = shop.home / f"fondation-worker-{os.getuid()}"
    place.mkdir(mode=0o755)
    shop.run("run", "shop")
    assert place.stat().st_mode & 0o777 == 0o700
