"""The manifest's JSON form."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.codec import ManifestError, ManifestFormatError, decode, encode
from states.manifest import Manifest
from states.usage import Budget, Usage, Waiting
from tests.support.builders import AT, ENGINE, begun, completed, entered

st.register_type_strategy(
    float, st.floats(allow_nan=False, allow_infinity=False)
)


def test_a_job_with_everything_in_it_survives() -> None:
    assert decode(encode(completed())) == completed()


def test_a_number_that_json_writes_without_a_fraction_is_read() -> None:
    """Other programs write 1.0 as 1."""
    record = replace(begun().stages[0], seconds=1.0)
    job = begun().with_record(record)
    shortened = encode(job).replace(b'"seconds":1.0', b'"seconds":1')
    assert shortened != encode(job)
    assert encode(decode(shortened)) == encode(job)


def test_names_are_those_of_json() -> None:
    document = json.loads(encode(entered(None)))
    assert document["identity"]["jobId"] == "job-1"
    assert (
        document["stages"][1]["artifacts"][0]["mediaType"] == "application/yaml"
    )


@pytest.mark.parametrize("format_", [0, 4, "1", None, True, [1]])
def test_an_unknown_format_is_refused_and_both_versions_are_named(
    format_: object,
) -> None:
    document = json.loads(encode(begun())) | {"format": format_}
    with pytest.raises(
        ManifestFormatError,
        match=r"format .*, and this program knows only formats 1, 2 and 3",
    ):
        decode(json.dumps(document).encode())


def test_a_job_without_a_model_keeps_the_old_format() -> None:
    document = json.loads(encode(completed()))
    assert document["format"] == 1
    assert set(document) & {"budget", "usage", "waiting"} == set()
    assert set(document["engine"]) == {"name", "version"}


@pytest.mark.parametrize(
    "changed",
    [
        replace(begun(), engine=replace(ENGINE, model="m")),
        replace(begun(), budget=Budget(tokens=1)),
        replace(begun(), usage=Usage()),
        replace(begun(), waiting=Waiting(reason="a rate limit", not_before=AT)),
    ],
    ids=["model", "budget", "usage", "waiting"],
)
def test_a_job_with_a_model_has_a_format_that_older_versions_refuse(
    changed: Manifest,
) -> None:
    assert json.loads(encode(changed))["format"] == 2
    assert decode(encode(changed)) == changed


Document = dict[str, Any]


def _with(**fields: object) -> Callable[[Document], Document]:
    return lambda document: document | fields


def _without(*path: str) -> Callable[[Document], Document]:
    def removed(document: Document) -> Document:
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        return document

    return removed


@pytest.mark.parametrize("document", [[], {}, "format", 1])
def test_a_document_without_a_format_is_refused(document: object) -> None:
    with pytest.raises(ManifestError, match="does not say its format"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_without("state"), "manifest lacks state"),
        (_without("identity", "branch"), "identity lacks branch"),
        (_with(colour=1), "unknown fields: colour"),
        (_with(state="asleep"), "state is 'asleep'"),
        (_with(sequence="1"), "sequence is '1', which is not of type int"),
        (_with(sequence=True), "sequence is True"),
        (_with(runs={}), "runs is not a list"),
        (_with(engine=[]), "engine is not an object"),
    ],
)
def test_a_damaged_manifest_is_refused_and_the_place_is_named(
    damage: Callable[[Document], Document], expected: str
) -> None:
    document = damage(json.loads(encode(completed())))
    with pytest.raises(ManifestError, match=expected):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe"])
def test_bytes_that_are_not_json_are_refused(data: bytes) -> None:
    with pytest.raises(ManifestError, match="not JSON"):
        decode(data)


def test_a_manifest_that_was_cut_off_is_refused() -> None:
    with pytest.raises(ManifestError, match="not JSON"):
        decode(encode(begun())[:100])


@given(st.from_type(Manifest))
def test_an_encoded_manifest_decodes_to_the_same_one(
    manifest: Manifest,
) -> None:
    assert decode(encode(manifest)) == manifest


@given(st.from_type(Manifest))
def test_the_encoded_form_is_canonical(manifest: Manifest) -> None:
    document = json.loads(encode(manifest))
    assert (
        encode(manifest)
        == json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        + b"\n"
    )
