"""The published schema of a request, compared with the gateway's own checks."""

import re
from functools import cache
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from states.addresses import address_fault
from worker.gateway.openapi import description
from worker.gateway.request import FaultyRequestError, read_request

GOOD = {
    "jobId": "job-1",
    "repositoryUrl": "owner/name",
    "callbackUrl": "https://app.example/api",
    "callbackToken": "tok-3n",
}
FIELDS = [*GOOD, "branch", "githubToken", "updateFrom"]
PIECES = [
    *(
        "https://",
        "http://",
        "HTTPS://",
        "ftp://",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "[",
        "]",
        "[::1]",
        "[::1.2.3.4]",
    ),
    *(
        "example.org",
        "a.b.example.org",
        "my-host",
        "my_host",
        "localhost",
        "127.0.0.1",
        "10.0.0.1",
        "münchen.example",
    ),
    *(
        ":80",
        ":8080",
        ":65535",
        ":65536",
        ":99999",
        ":0",
        ":00080",
        ":x",
        "user",
        ":pass",
        "owner",
        "name",
        ".git",
    ),
    *(
        ".",
        "..",
        "-",
        "~",
        "^",
        "*",
        "@{",
        ".lock",
        "feature",
        "é",
        "\u3000",
        "\u200b",
        "\x00",
        "\n",
        "\r",
        "\t",
        " ",
    ),
    *(
        "'",
        '"',
        "`",
        "«",
        "\x85",
        "\x9f",
        "\ufeff",
        "\u2028",
        "%20",
        "%",
        "&",
        "=",
        "x" * 200,
        "_",
        "A9",
        "\U0001f980",
    ),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
    st.tuples(
        st.sampled_from(["https://", "http://"]),
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join),
    ).map("".join),
    st.text(max_size=12),
    st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=12),
)


@cache
def published(
    *, allow_http: bool
) -> tuple[jsonschema_rs.Draft202012Validator, dict[str, str]]:
    """Return a validator for the published schema, and its patterns by field."""
    schema = description(guarded=False, allow_http=allow_http)["components"][
        "schemas"
    ]["Request"]
    patterns = {
        field: property_["pattern"]
        for field, property_ in schema["properties"].items()
    }
    return jsonschema_rs.Draft202012Validator(schema), patterns


def by_schema(document: dict[str, str], *, allow_http: bool = False) -> bool:
    """Whether the schema accepts a request; Rust and Python must agree on the patterns."""
    validator, patterns = published(allow_http=allow_http)
    taken = all(
        re.search(patterns[field], text) for field, text in document.items()
    )
    assert validator.is_valid(document) == taken
    return taken


def by_checks(document: dict[str, str], *, allow_http: bool = False) -> bool:
    """Whether the gateway accepts a request."""
    try:
        read_request(document, allow_http=allow_http)
    except FaultyRequestError:
        return False
    return True


def beyond_patterns(text: str) -> bool:
    """Whether a string is invalid in a way that no pattern can express."""
    try:
        urlsplit(text)
    except ValueError:
        return True
    if address_fault(text):
        return True
    return any(
        ord(character) > 0xFFFF
        for character in (text[:1], text[-1:])
        if character
    )


ADDRESSES = [
    "https://github.com/owner/name",
    "https://git.example.co.uk/owner/name.git",
    "https://my-host.example.org/a/b/c",
    "https://10.1.2.3/owner/name",
    "https://[2001:db8::1]:8443/owner/name",
    "https://git.example.org:65535/owner/name/",
    "https://git.example.org:/owner/name",
    "https://git.example.org:443/~user/name",
    "HTTPS://Git.Example.Org/owner/na%20me",
    "https://münchen.example/owner/名前",
    "http://localhost:12345/a",
    "http://LocalHost/a",
    "http://127.0.0.1:30000/a",
    "http://[::1]/a",
]
CALLBACKS = [
    *(address for address in ADDRESSES),
    "http://app.staging.example.org",
    "http://app",
    "http://app:10000?x=1#y",
    "https://user:pass@app.example.org/x",
    "https://happy-animal-123.convex.site/api/webhook/job-callback",
    "https://app.example.org/a@b:c/[d]",
]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("repositoryUrl", address)
            for address in [*ADDRESSES, "owner/name", "o-1/na.me_2-"]
        ),
        *(("callbackUrl", address) for address in CALLBACKS),
        *(
            ("branch", branch)
            for branch in (
                "",
                "main",
                "feature/x-1",
                "v1.0.0",
                "münchen",
                "a@b",
                "\U0001f980",
            )
        ),
        *(("callbackToken", token) for token in ("x", "a'b", "!~", "x" * 5000)),
        *(("githubToken", token) for token in ("", "ghp_0")),
        *(("jobId", job_id) for job_id in ("a", "...", "x" * 128, "-")),
        *(("updateFrom", job_id) for job_id in ("", "a", "...", "x" * 128)),
    ],
)
def test_the_schema_accepts_what_the_gateway_accepts(
    field: str, value: str
) -> None:
    document = GOOD | {field: value}
    assert (by_checks(document), by_schema(document)) == (True, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("repositoryUrl", text)
            for text in (
                "",
                "name",
                "owner/..",
                "https://example.org",
                "https://a:65536/b/c",
            )
        ),
        *(
            ("repositoryUrl", text)
            for text in (
                "http://example.org/a",
                "http://127.evil.org/a",
                "https://a@b/c",
            )
        ),
        *(
            ("repositoryUrl", text)
            for text in (
                "https://a/b?c",
                "https://a/b\n",
                "owner/name\n",
                "https://x[::1]/a",
            )
        ),
        *(
            ("callbackUrl", text)
            for text in (
                "",
                "app.example",
                "ftp://a/b",
                "http://",
                "http:///a",
                "http://a:x/",
            )
        ),
        *(
            ("callbackUrl", text)
            for text in (
                "http://a:70000/",
                "http://a b/",
                "http://a/'",
                "http://x[::1]/",
                "http://a\n",
            )
        ),
        *(
            ("branch", text)
            for text in (
                "-x",
                "a..b",
                "a.lock",
                "a//b",
                ".a",
                "a b",
                "a\u2028..b",
                "main\n",
                " ",
                "'a'",
            )
        ),
        *(("callbackToken", text) for text in ("", "a b", "é", "x\n", '"x"')),
        *(("githubToken", text) for text in ("a b", "x\r")),
        *(("jobId", text) for text in ("", ".", "..", "a/b", "x" * 129, "a\n")),
        *(
            ("updateFrom", text)
            for text in (".", "..", "a/b", "x" * 129, "a\n", "'a'")
        ),
    ],
)
def test_the_schema_refuses_what_the_gateway_refuses(
    field: str, value: str
) -> None:
    document = GOOD | {field: value}
    assert (by_checks(document), by_schema(document)) == (False, False)


@pytest.mark.parametrize("allow_http", [False, True])
@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=400)
@given(text=TEXTS)
@example(text="https://a\\b/c")
@example(text="https://[::1]x/c")
def test_both_agree_on_any_text_as_far_as_a_pattern_can(
    field: str,
    allow_http: bool,  # noqa: FBT001 - pytest's
    text: str,
) -> None:
    document = GOOD | {field: text}
    taken = by_checks(document, allow_http=allow_http)
    offered = by_schema(document, allow_http=allow_http)
    assert not taken or offered
    assert not offered or taken or beyond_patterns(text)
