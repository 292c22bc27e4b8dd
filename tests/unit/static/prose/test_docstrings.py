"""Documentation comments of all languages, as sentences."""

import pytest

from worker.engines.static.prose.docstrings import (
    first_sentence,
    paragraphs,
    sentences,
)


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("Sells things.", "Sells things."),
        ("Sells things", "Sells things."),
        ("Sells things. And more.", "Sells things."),
        (
            "Sells things,\n   on two lines. More.",
            "Sells things, on two lines.",
        ),
        ("Sells e.g. apples. More.", "Sells e.g. apples."),
        ("Takes v1.2 files. More.", "Takes v1.2 files."),
        ("Sells things.\n== The shop\nIs closed.", "Sells things."),
        ("== The shop", ""),
        ("See <https://shop.org/a> first.", "See https://shop.org/a first."),
        ("See `a guide <https://shop.org/a>`__ first.", "See a guide first."),
        ("Sells +name+ to all, +x+ times.", "Sells `name` to all, `x` times."),
        ("Counts a +b+c and C++ and D++.", "Counts a +b+c and C++ and D++."),
        ("", ""),
        ("    ", ""),
        ("@param x the thing", ""),
        ("@phpstan-return never", ""),
        ("{@inheritDoc}", ""),
        ("<inheritdoc />", ""),
        ("<summary>\nSells things.\n</summary>", "Sells things."),
        ('Uses <see cref="T:Shop.Store"/> well.', "Uses `Shop.Store` well."),
        (
            'Fills an <see cref="T:System.IList`1"/> up.',
            "Fills an `System.IList` up.",
        ),
        (
            "Uses [request] and [Store.sell].",
            "Uses `request` and `Store.sell`.",
        ),
        ("Takes list[int] as [1] says.", "Takes list[int] as [1] says."),
        (
            "DEL <key> [COUNT <n>] [NOW] [FORCE]",
            "DEL <key> [COUNT <n>] [NOW] [FORCE].",
        ),
        ("FLUSH [ASYNC] frees a [T].", "FLUSH [ASYNC] frees a `T`."),
        ("Sends an HTTP [Request].", "Sends an HTTP `Request`."),
        (
            "Sells (free!) Apples of all kinds.",
            "Sells (free!) Apples of all kinds.",
        ),
        (":param x: the thing", ""),
        (">>> code()", ""),
        ("@brief Counts things.", "Counts things."),
        (r"\brief Counts things.", "Counts things."),
        ("\\rst\nCounts things.\n\\endrst", "Counts things."),
        (
            "Uses :class:`Store` and :func:`~shop.sell`.",
            "Uses `Store` and `shop.sell`.",
        ),
        ("See :ref:`the guide <guide>`.", "See the guide."),
        (
            "Uses {class}`Store`, {func}`~shop.sell` and {ref}`guides <guide>`.",
            "Uses `Store`, `shop.sell` and guides.",
        ),
        ("Is short for ``Query()[key]``", "Is short for `Query()[key]`."),
        (
            "Lists [all values] of [some].\n\n[all values]: crate::Values",
            "Lists all values of `some`.",
        ),
        (
            "Like MongoDB_, but not_ or `Odd_`.",
            "Like MongoDB, but not_ or `Odd_`.",
        ),
        ("Store ...", ""),
        ("`Store` …", ""),
        ("Stores bottles ...", "Stores bottles ..."),
        ("Uses ``x`` twice.", "Uses `x` twice."),
        (
            "Uses {@link Store#sell the seller} and {@code x < y}.",
            "Uses the seller and `x < y`.",
        ),
        (
            "Calls {@link Store#sell(int, int)} or {@link #buy(a, b) buys}.",
            "Calls `Store#sell(int, int)` or buys.",
        ),
        (
            "<p>Counts <b>all</b> <code>things</code>.</p>",
            "Counts all `things`.",
        ),
        (
            "Returns [`Stock`] or [an error](https://x.y/z).",
            "Returns `Stock` or an error.",
        ),
        ("Is *very* **bold**.", "Is very bold."),
        ("#__PURE__", ""),
        ("!", ""),
        ("=====\n\nTitle here.\n", ""),
        ("Args:\n    x: y", ""),
        ("Get it */ #__PURE__", "Get it."),
        ("a &lt; b &amp; c", "a < b & c."),
        ("Works as follows:\n\n- one\n- two", "Works as follows."),
    ],
)
def test_the_first_sentence_is_plain_text_with_code_in_ticks(
    doc: str, expected: str
) -> None:
    assert first_sentence(doc) == expected


def test_a_first_sentence_that_is_too_long_ends_between_words_and_closes_its_code() -> (
    None
):
    sentence = first_sentence(f"Counts `{'things ' * 40}` well.", limit=30)
    assert sentence == "Counts `things things things …`"


def test_a_first_sentence_that_is_too_long_has_no_parentheses() -> None:
    doc = "Counts things (all of (the) ones in `get()` and a few more). More."
    assert first_sentence(doc, limit=30) == "Counts things."
    call = "Counts `many(of, them)` and `all(of, them)`."
    assert first_sentence(call, limit=len(call)) == call


def test_reference_parts_are_left_out_of_paragraphs() -> None:
    doc = "First one here.\n\nSecond one here.\n\nArgs:\n    x: a thing\n\nNever shown here."
    assert paragraphs(doc) == ["First one here.", "Second one here."]


@pytest.mark.parametrize(
    "reference",
    [
        '<param name="count">How many are sold.</param>',
        '<typeparam name="T">What is sold.</typeparam>',
        "<returns>The things that were sold.</returns>",
        "<value>The things that were sold.</value>",
        '<exception cref="T:Shop.Empty">The shop is empty.</exception>',
        "<example>Sell(3) sells three of them.</example>",
        "**Example**::\n   sell(3, of=them)",
        "Example::\n   sell(3, of=them)",
    ],
)
def test_a_summary_ends_where_its_reference_begins(reference: str) -> None:
    doc = f"<summary>\nSells all things.\n</summary>\n{reference}"
    assert paragraphs(doc) == ["Sells all things."]


def test_a_last_word_on_a_line_of_its_own_is_no_heading() -> None:
    doc = "Raised if a filter was called with inappropriate\narguments\n"
    assert paragraphs(doc) == [
        "Raised if a filter was called with inappropriate arguments"
    ]


def test_items_of_a_list_are_no_paragraphs_not_even_their_second_lines() -> (
    None
):
    doc = (
        "There are two ways.\n\n1. the first one is\n   long and old\n2. the second\n\n"
        "Both of them work."
    )
    assert paragraphs(doc) == ["There are two ways.", "Both of them work."]


def test_an_underlined_heading_ends_what_is_reported() -> None:
    assert paragraphs(
        "Counts all things.\n\nParameters\n----------\nx : int"
    ) == ["Counts all things."]


def test_a_heading_of_html_is_no_part_of_the_sentence_below_it() -> None:
    doc = (
        "Counts all things.\n\n<h3>Limits of counts</h3>\nIt stops at ten.\n"
        '<H2 class="x">Other <b>things</b></H2>It waits for more.'
    )
    assert paragraphs(doc) == [
        "Counts all things.",
        "It stops at ten.",
        "It waits for more.",
    ]
    assert first_sentence("<h1>Counts</h1>\nCounts things.") == (
        "Counts things."
    )


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence() -> None:
    shortened = paragraphs(
        " ".join(["This sentence has exactly forty characters."] * 20)
    )
    assert len(shortened[0]) <= 430
    assert shortened[0].endswith("characters.")


def test_one_endless_sentence_is_cut_between_words() -> None:
    assert paragraphs("word " * 400)[0].endswith("word …")


def test_only_as_many_paragraphs_as_asked_for() -> None:
    assert paragraphs("One is here.\n\nTwo is here.\n\nThree is here.", 2) == [
        "One is here.",
        "Two is here.",
    ]


def test_a_full_stop_inside_code_does_not_end_a_sentence() -> None:
    assert sentences("Call `x. Y` now. Then stop.") == [
        "Call `x. Y` now.",
        "Then stop.",
    ]


def test_an_indented_block_after_two_colons_is_not_a_paragraph() -> None:
    doc = "Use it so::\n\n    class A(B):\n        pass\n\n    A().run()\n\nThat is how it works."
    assert paragraphs(doc, 3)[-1] == "That is how it works."
    assert not any("class A" in paragraph for paragraph in paragraphs(doc, 3))
