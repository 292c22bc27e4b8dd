"""Hooks for schemathesis (SCHEMATHESIS_HOOKS): rules for requests that no schema can express."""

from typing import Any
from urllib.parse import urlsplit

import schemathesis

from states.addresses import address_fault


@schemathesis.hook
def filter_body(_: schemathesis.HookContext, body: Any) -> bool:  # noqa: ANN401 - any value of JSON
    """Leave out URLs of pages, and strings that are no URLs despite the pattern (`https://[1:2]/`)."""
    if not isinstance(body, dict):
        return True
    repository = body.get("repositoryUrl")
    is_page = (
        isinstance(repository, str) and address_fault(repository) is not None
    )
    return (
        not is_page
        and can_be_split(repository)
        and can_be_split(body.get("callbackUrl"))
    )


def can_be_split(value: object) -> bool:
    """Whether a string can be parsed as a URL; the schema refuses values that are not strings."""
    try:
        return not isinstance(value, str) or urlsplit(value).port != -1
    except ValueError:
        return False
