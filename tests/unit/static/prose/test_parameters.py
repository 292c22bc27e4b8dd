"""What documentation comments say of parameters, in each format."""

import pytest

from worker.engines.static.prose.parameters import described_parameters

REST = """Send a request.

:param url: URL to
    send to. It is checked.
:param dict headers: (optional) Headers to send with the
    :class:`Request`.
:param \\*\\*kwargs: Arguments that ``request`` takes.
:type url: str
:rtype: Response
"""
JSDOC = """Sends a file.

@param {String} path - The path of the file.
@param {{a: string}} [options] Options
  of the transfer. See the guide.
@param {number} [options.age=0] Seconds to keep it
@param {Function} done
@return {Response} The response itself.
"""
PHPDOC = """Adds a record.

@param string|int $level The level of the record.
@param array<string, mixed> &$context Its context.

Notes at the end.
@param Order   ...$orders  Orders to add.
"""
JAVADOC = """Checks text.

@param <T> the type of text
@param text  the text to check,
             may be {@code null}
@param limit costs $5 at most
@throws IOException if not
"""
YARD = """Opens.

@param [String] path the path to open
@param mode [Symbol, nil] how to open it
"""
DOXYGEN = """\\brief Copies.

\\param[in] from Where to read.
\\param[in,out] to Where to write.
\\return A count of bytes.
"""
XML = """<summary>Writes.</summary>
<param name="writer">The <see cref="Writer"/>
that is used. Not closed.</param>
<param name="text"></param>
<returns>Nothing.</returns>
"""
NUMPY = """Fit a line.

Parameters
----------
x : array_like, shape (n,)
    Where to
    measure. More on it.
*args
    Passed to the model.

Returns
-------
line : Line
    The line itself.
"""
GOOGLE = """Runs.

    Args:
        task (`str`): What to do
            in this run. At length.

        steps (`int`, *optional*, defaults to `min(3, n)`): Steps to take.
        **kwargs: Passed to the model.
        bare

    Returns:
        str: The answer itself.
"""
RDOC = """Runs a server.

  [host] The host to
         listen on.
  [backlog] How many may wait.
+port+ :: The port to listen on. Or a socket.
<tt>:quiet</tt>:: Whether to be quiet.
klass<Class>:: The class to run.

Example::

    run "localhost"
"""


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        (
            REST,
            {
                "url": "URL to send to.",
                "headers": "Headers to send with the `Request`.",
                "**kwargs": "Arguments that `request` takes.",
            },
        ),
        (
            JSDOC,
            {
                "path": "The path of the file.",
                "options": "Options of the transfer.",
                "options.age": "Seconds to keep it.",
            },
        ),
        (
            PHPDOC,
            {
                "level": "The level of the record.",
                "context": "Its context.",
                "orders": "Orders to add.",
            },
        ),
        (
            JAVADOC,
            {
                "text": "the text to check, may be `null`.",
                "limit": "costs $5 at most.",
            },
        ),
        (
            YARD,
            {"path": "the path to open.", "mode": "how to open it."},
        ),
        (DOXYGEN, {"from": "Where to read.", "to": "Where to write."}),
        (XML, {"writer": "The `Writer` that is used."}),
        (NUMPY, {"x": "Where to measure.", "*args": "Passed to the model."}),
        (
            GOOGLE,
            {
                "task": "What to do in this run.",
                "steps": "Steps to take.",
                "**kwargs": "Passed to the model.",
            },
        ),
        (
            RDOC,
            {
                "host": "The host to listen on.",
                "backlog": "How many may wait.",
                "port": "The port to listen on.",
                ":quiet": "Whether to be quiet.",
                "klass": "The class to run.",
            },
        ),
        ("Sells things.\n\nNote: closed on Sundays.", {}),
        ("", {}),
    ],
)
def test_the_first_sentence_on_each_parameter(
    doc: str, expected: dict[str, str]
) -> None:
    described = described_parameters(doc)
    assert list(described.items()) == list(expected.items())


def test_a_sentence_that_would_have_to_be_cut_is_left_out() -> None:
    long = "very " * 80
    doc = f":param a: A {long}long text.\n:param b: A short text."
    assert described_parameters(doc) == {"b": "A short text."}
