"""The reason for a failure of the CLI, from its output."""

from pathlib import Path

import pytest

from worker.engines.fondation.failure import disk_fault, failure, permanent


@pytest.mark.parametrize(
    "line",
    [
        'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"…"}}',
        (
            "API Error: 529 "
            '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
        ),
        "Request failed with status code 503",
        "500 Internal Server Error",
        "Error: Overloaded",
        "Claude AI usage limit reached|1760000000",
        "TypeError: fetch failed",
        "Error: socket hang up",
        "Error: read ECONNRESET",
        "Error: connect ETIMEDOUT 10.0.0.1:443",
        "Error: getaddrinfo ENOTFOUND api.anthropic.com",
        "Error: getaddrinfo EAI_AGAIN api.anthropic.com",
        "Error: connect ECONNREFUSED 127.0.0.1:8080",
        "API Error: Connection error.",
        "API Error: Request timed out.",
        "429 This request would exceed the rate limit of your API key",
    ],
)
def test_a_fault_that_may_pass_is_temporary(line: str) -> None:
    assert failure(1, ["before", line]).temporary


@pytest.mark.parametrize(
    "line",
    [
        (
            "API Error: 401 "
            '{"type":"error","error":{"type":"authentication_error","message":"invalid '
            'x-api-key"}}'
        ),
        'AuthenticationError: 401 {"type":"error"}',
        '{"status":401}',
        'API Error: 403 {"type":"error","error":{"type":"permission_error","message":"…"}}',
        "Request failed with status code 403",
        "Invalid API key · Fix external API key",
        "Invalid API key · Please run /login",
        "OAuth token has expired. Please obtain a new token",
        "OAuth token revoked · Please run /login",
        "Error: ANTHROPIC_API_KEY environment variable is required",
        "Error: ANTHROPIC_API_KEY is not set",
        "Missing ANTHROPIC_API_KEY",
        "Please set your API key",
        (
            "Error: Could not resolve authentication method. Expected either apiKey or "
            "authToken to be set."
        ),
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing",
    ],
)
def test_a_missing_key_a_refused_login_and_an_empty_balance_are_permanent(
    line: str,
) -> None:
    error = failure(
        1, ["a warning", line, "Error: Claude Code process exited with code 1"]
    )
    assert not error.temporary
    assert str(error) == f"the Fondation CLI ended with exit code 1: {line}"


@pytest.mark.parametrize(
    "line",
    [
        "Error: chapter 401 of 529 could not be written",
        "request_id: req_401429",
        "Error: listening on port 4031",
        "TypeError: Cannot read properties of undefined (reading 'name')",
    ],
)
def test_an_unknown_reason_is_temporary(line: str) -> None:
    assert failure(1, [line]).temporary
    assert permanent([line]) is None


def test_the_last_line_of_output_decides() -> None:
    tired, refused = (
        "API Error: 429 rate limited, retrying",
        "Invalid API key · Please run /login",
    )
    assert failure(1, [refused, tired]).temporary
    assert not failure(1, [tired, refused]).temporary


def test_the_message_is_the_last_line_that_says_something() -> None:
    lines = [
        "/app/cloud-run/cli.bundled.cjs:17",
        "        throw new Error('boom')",
        "        ^",
        "",
        "Error: boom",
        "    at Object.<anonymous> (/app/cloud-run/cli.bundled.cjs:17:15)",
        "    at node:internal/main/run_main_module:23:47 {",
        "  status: 'odd'",
        "}",
        "Node.js v20.20.2",
    ]
    assert (
        str(failure(1, lines))
        == "the Fondation CLI ended with exit code 1: Error: boom"
    )


def test_a_failure_without_output_is_temporary() -> None:
    error = failure(3, [])
    assert (str(error), error.temporary) == (
        "the Fondation CLI ended with exit code 3",
        True,
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (137, "SIGKILL (probably out of memory)"),
        (134, "SIGABRT"),
        (128 + 64 + 9, "signal 73"),
    ],
)
def test_a_signal_is_named_and_temporary(code: int, name: str) -> None:
    error = failure(code, ["Invalid API key"])
    assert (str(error), error.temporary) == (
        f"the Fondation CLI was killed by {name}: Invalid API key",
        True,
    )


def test_a_permanent_reason_is_found_among_others() -> None:
    assert (
        permanent(["working", "Invalid API key", "done"]) == "Invalid API key"
    )
    assert permanent(["working", "Overloaded"]) is None
    assert permanent([]) is None


@pytest.mark.parametrize(
    ("line", "is_disk"),
    [
        ("Error: ENOSPC: no space left on device, write", True),
        ("Error: EDQUOT: disk quota exceeded, open '/data/x'", True),
        ("tar: x: Cannot write: No space left on device", True),
        (
            "Error: ENOSPC: System limit for number of file watchers reached, watch '/work'",
            False,
        ),
        ("API Error: 529", False),
    ],
)
def test_a_full_disk_is_distinguished_from_a_failure(
    line: str, *, is_disk: bool
) -> None:
    fault = disk_fault(["before", line, "after"], Path("/work/job"))
    assert (fault is not None) is is_disk
    assert not is_disk or str(fault).startswith(
        f"/work/job: the Fondation CLI says `{line}`: make room there"
    )
