"""The parameters of what a chapter shows."""

from pathlib import Path

from tests.support.course_facts import chapter_of, index_of, read
from worker.engines.static.pages import chapters, parameters

CLIENT = '''\
"""Sends things."""


class Client:
    """Keeps a connection to one host.

    :param host: Where the server listens.
    :param retries: How many times a request is repeated.
    """

    def __init__(self, host, retries=0):
        self.host = host
        self.retries = retries
        if retries < 0:
            raise ValueError("retries")

    def send(self, url, timeout=None, **kwargs):
        """Send a request to the host of this client.

        The request is repeated if the host does not answer in time.
        No request is repeated that changes anything at the host.

        :param auth: (optional) Name and password of a user.
        :param verify: Whether the certificate of the host is checked.
        :param timeout: How many seconds to wait. For ever if None.
        :param kwargs: The kwargs.
        :param url: Where the request goes.
        :type url: str
        """
        if timeout is not None and timeout < 0:
            raise ValueError("timeout")
        return self._sent(url, timeout, kwargs)

    def ask(self, url, timeout=None):
        """Ask the host of this client for something and wait for it.

        Nothing changes at the host, so the request may be repeated.
        The answer is not kept: a second request asks the host again.

        :param timeout: How many seconds to wait.
        :param url: Where the request goes.
        :param gone: A parameter that was there in an earlier version.
        """
        if not url:
            raise ValueError("url")
        return self.send(url, timeout=timeout)

    def _sent(self, url, timeout, options):
        """Send it over the connection.

        This waits for the connection if another request is under way.
        The connection is opened at the first request, and then kept.

        :param url: A path at the host, with a slash..
        :param options: What goes with the request, by name.
        """
        self.last = url
        return (self.host, url, timeout, options)
'''
ASKED = """\
```

Its parameters:

- `url`: Where the request goes.
- `timeout`: How many seconds to wait.

"""
SENT = """\
```

Its parameters, except those explained before:

- `auth`: Name and password of a user.
- `verify`: Whether the certificate of the host is checked.

"""
BUILT = """\
Its parameters:

- `host`: Where the server listens.
- `retries`: How many times a request is repeated.
"""


def test_a_chapter_lists_the_parameters_of_what_it_shows_once(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"client.py": CLIENT})
    page = chapters.written(facts, chapter_of(facts, "Client"))
    assert f"{ASKED}### `Client.send`" in page
    assert f"{SENT}### `Client.__init__`" in page
    assert f"{BUILT}\n## How it works\n\n### `Client._sent`" in page
    assert page.count("Where the request goes.") == 1
    for left_out in ("The kwargs", "earlier version", "with a slash."):
        assert left_out not in page


def test_a_constructor_has_the_parameters_of_its_type(tmp_path: Path) -> None:
    facts = read(tmp_path, {"client.py": CLIENT})
    chapter = chapter_of(facts, "Client")
    constructor = facts.definitions[index_of(facts, "Client.__init__")]
    shown = parameters.listed(facts, chapter.position, constructor)
    assert f"{shown}\n" == BUILT


def test_parts_of_a_parameter_are_listed_with_it_unless_cut(
    tmp_path: Path,
) -> None:
    filling = "More of it. " * 400
    code = f"""\
/**
 * Sends a file to the client that asked for it.
 *
 * @param {{Object}} options - How the file is sent.
 * @param {{string}} options.root - The folder of all files.
 * @param {{string}} path - Where the file is. {filling}
 */
export function send(path, options) {{
  if (!path) {{
    throw new Error("no path");
  }}
  return deliver(path, options.root);
}}
"""
    facts = read(tmp_path, {"send.js": code})
    page = chapters.written(facts, facts.chapters[0])
    rows = [line for line in page.split("\n") if line.startswith("- `")]
    assert rows == [
        "- `options`: How the file is sent.",
        "- `options.root`: The folder of all files.",
    ]


def test_of_many_parameters_twelve_are_listed(tmp_path: Path) -> None:
    names = [f"part{number}" for number in range(15)]
    told = "".join(
        f"    :param {name}: What the {name} of a mill weighs in pounds.\n"
        for name in names
    )
    code = f'def mill({", ".join(names)}):\n    """Build a mill.\n\n{told}    """\n'
    body = "".join(f"    lift({name})\n" for name in names[10:])
    facts = read(tmp_path, {"mill.py": f"{code}{body}    return 1\n"})
    page = chapters.written(facts, facts.chapters[0])
    assert page.count("of a mill weighs") == 12
    assert "- `part14`: What" in page
    assert "The documentation describes 3 more." in page
