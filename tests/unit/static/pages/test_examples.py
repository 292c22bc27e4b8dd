"""The examples that a chapter shows, and where they come from."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import examples, meaning
from worker.engines.static.pages.checker import checked
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.examples import ExampleOrigin

SHOP = '''"""Shop."""


class Shop:
    """Sells things.

    Open one and sell::

        shop = Shop()
        shop.sell("apple")
        shop.close()
    """

    def sell(self, name):
        """Sell one thing.

        >>> Shop().sell("apple")
        5
        """
        return 5

    def close(self):
        """Close."""
        return None
'''


def shown(
    facts: CourseFacts, name: str
) -> list[tuple[ExampleOrigin, list[str]]]:
    return [
        (example.origin, examples.lines(facts, example))
        for example in examples.best(facts, chapter_of(facts, name))
    ]


def test_the_code_of_a_docstring_is_an_example(tmp_path: Path) -> None:
    facts = read(tmp_path, {"shop.py": SHOP})
    assert shown(facts, "Shop") == [
        (
            ExampleOrigin.DOCSTRING,
            ["shop = Shop()", 'shop.sell("apple")', "shop.close()"],
        ),
    ]
    (example,) = examples.best(facts, facts.chapters[0])
    assert example.place == "`shop.py:9-11`"
    assert examples.rendered(facts, example).startswith(
        "From the documentation of `Shop`, `shop.py:9-11`:\n\n```python\n"
    )


def test_readme_documents_examples_and_tests_follow(tmp_path: Path) -> None:
    use = "from shop import Shop\n\nshop = Shop()\nshop.sell('pear')\n"
    files = {
        "shop.py": "class Shop:\n    def sell(self, name):\n        return name\n",
        "tests/test_shop.py": (
            "def test_shop():\n    shop = Shop()\n    assert shop.sell(1)\n"
            "    assert shop\n"
        ),
        "examples/pear.py": use,
        "docs/guide.md": f"# Guide\n\n## Pears\n\n```python\n{use}```\n",
        "README.md": f"# Shop\n\n## Use\n\n```python\n{use}```\n\n```bash\npip install Shop\n```\n",
    }
    facts = read(tmp_path, files)
    shown_examples = examples.found(facts, facts.chapters[0])
    assert [example.origin for example in shown_examples] == [
        ExampleOrigin.README,
        ExampleOrigin.DOCUMENT,
        ExampleOrigin.EXAMPLE,
        ExampleOrigin.TEST,
    ]
    # The others are tests, or repeat the same lines.
    (first,) = examples.best(facts, facts.chapters[0])
    assert first.source == "the README, section “Use”"


def test_an_example_of_another_name_is_not_taken(tmp_path: Path) -> None:
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "README.md": "# Shop\n\n```python\nWorkShop()\nx = 1\ny = 2\n```\n",
    }
    assert shown(read(tmp_path, files), "Shop") == []


@pytest.mark.parametrize(
    "use",
    [
        "from market import Shop\n\nshop = Shop()\nshop.sell()\n",
        "def sold(name) -> str:\n    # not in every Shop\n    return 'Shop: ' + name\n",
        "def visit(shop: Shop):\n    shop.sell()\n    return shop\n",
    ],
    ids=["another package's", "in texts and comments", "an annotation"],
)
@pytest.mark.parametrize("path", ["README.md", "examples/use.py"])
def test_an_example_that_only_shares_a_word_is_not_taken(
    tmp_path: Path, use: str, path: str
) -> None:
    text = f"# Market\n\n```python\n{use}```\n" if path == "README.md" else use
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        path: text,
    }
    assert shown(read(tmp_path, files), "Shop") == []


JAVASCRIPT = """\
/**
 * Sells.
 *
 * @example
 * const s = sell(1);
 * s.pay();
 * s.go();
 *
 * @param {x} x
 */
export function sell(x) {
  return x;
}
"""
RUST = """\
/// Sells.
///
/// ```
/// let s = sell(1);
/// s.pay();
/// s.go();
/// ```
pub fn sell(x: i32) -> i32 {
    x
}
"""


@pytest.mark.parametrize(
    ("name", "code", "lines"),
    [
        (
            "shop.js",
            JAVASCRIPT,
            ["const s = sell(1);", "s.pay();", "s.go();"],
        ),
        ("lib.rs", RUST, ["let s = sell(1);", "s.pay();", "s.go();"]),
    ],
)
def test_examples_in_comments_lose_their_marks(
    tmp_path: Path, name: str, code: str, lines: list[str]
) -> None:
    facts = read(tmp_path, {name: code})
    assert shown(facts, "sell") == [(ExampleOrigin.DOCSTRING, lines)]


def test_a_long_example_file_is_shown_around_its_first_use(
    tmp_path: Path,
) -> None:
    filler = "".join(f"x{n} = {n}\n" for n in range(60))
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "examples/long.py": (
            f"from shop import Shop\n{filler}\n\nshop = Shop()\nshop.sell()\n\n\n{filler}"
        ),
    }
    facts = read(tmp_path, files)
    assert shown(facts, "Shop") == [
        (ExampleOrigin.EXAMPLE, ["shop = Shop()", "shop.sell()"])
    ]


def test_prose_in_a_block_of_code_is_not_an_example_and_prompts_are_a_session(
    tmp_path: Path,
) -> None:
    guide = (
        "# Use\n\n```python\nA Shop() is opened, and it sells.\nThen close it.\n"
        "```\n\n```python\n>>> Shop().sell('pear')\n5\n```\n"
    )
    facts = read(tmp_path, {"shop.py": SHOP, "docs/use.md": guide})
    shown_examples = examples.found(facts, chapter_of(facts, "Shop"))
    of_guide = [
        example
        for example in shown_examples
        if example.origin is ExampleOrigin.DOCUMENT
    ]
    assert [(example.first, example.tag) for example in of_guide] == [
        (9, "pycon")
    ]


def test_a_second_example_is_whole_and_imports_what_the_project_has(
    tmp_path: Path,
) -> None:
    code = (
        "import yaml\n\n\ndef sell(x):\n"
        '    """Sell.\n\n    >>> from shop import sell\n    >>> sell(1)\n    1\n    """\n'
        "    return yaml.load(x)\n"
    )
    readme = "# Shop\n\n```python\nfrom {} import {}\nfrom shop import sell\n\nsell({})\n```\n"
    origins = {}
    for name, module in (("known", "yaml"), ("unknown", "tasks")):
        text = readme.format(module, "load", "load")
        files = {"shop.py": code, "README.md": text}
        facts = read(tmp_path / name, files)
        best = examples.best(facts, facts.chapters[0])
        origins[name] = [example.origin for example in best]
    assert origins == {
        "known": [ExampleOrigin.DOCSTRING, ExampleOrigin.README],
        "unknown": [ExampleOrigin.DOCSTRING],
    }


SELL = "def sell(x):\n    total = x + 1\n    return total\n"
ALONE = "def test_alone():\n    from shop import sell\n    x = sell(1)\n    assert x\n"
HELPED = (
    "def common(x):\n    assert x\n\n\ndef test_it():\n"
    "    x = sell(1)\n    common(x)\n    assert x == 2\n"
)


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        (f"{HELPED}\n\n{ALONE}", ["test_alone"]),
        (HELPED, []),
        (HELPED.replace("def common", "def other"), ["test_it"]),
    ],
    ids=["another test", "no other test", "imported"],
)
def test_a_test_with_a_helper_of_its_file_is_no_example(
    tmp_path: Path, tests: str, expected: list[str]
) -> None:
    facts = read(tmp_path, {"shop.py": SELL, "tests/test_shop.py": tests})
    chapter = facts.chapters[0]
    sources = [example.source for example in examples.best(facts, chapter)]
    assert sources == [f"the tests (`{name}`)" for name in expected]
    assert examples.found(facts, chapter)


@pytest.mark.parametrize(
    ("module", "is_whole"), [("cat", False), ("shop", True), ("os", True)]
)
def test_a_test_of_a_script_in_a_document_is_an_example_that_needs_it(
    tmp_path: Path, module: str, *, is_whole: bool
) -> None:
    text = (
        "# Shop\n\n```python\nfrom shop import sell\nfrom {} import cat\n\n"
        "def test_cat():\n    assert sell(cat) == 2\n```\n"
    )
    files = {"shop.py": SELL, "README.md": text.format(module)}
    facts = read(tmp_path, files)
    [example] = examples.best(facts, facts.chapters[0])
    assert example.is_whole is is_whole


def test_a_guide_is_shown_rather_than_a_test_that_has_more_names_of_the_title(
    tmp_path: Path,
) -> None:
    code = (
        "def fetch(url):\n    found = url.split()\n    return found\n\n\n"
        "def send(url):\n    found = fetch(url)\n    return found\n"
    )
    test = (
        "from web import fetch, send\n\n\ndef test_both():\n"
        "    assert fetch('a') == ['a']\n    assert send('a') == ['a']\n"
    )
    guide = (
        "# Web\n\n```python\nfrom web import fetch\n\nfetch('a')\n"
        "print(fetch('b'))\n```\n"
    )
    files = {"web.py": code, "test_web.py": test, "docs/guide.md": guide}
    facts = read(tmp_path, files)
    [best, *_] = examples.best(facts, chapter_of(facts, "fetch"))
    assert best.path == "docs/guide.md"


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ("fetch(url)\nprint(url)\nprint(1)", "docs/guide.md"),
        ("fetch(get_url())\nprint(to_text(1))\nprint(1)", "test_web.py"),
        ("fetch(url)", "test_web.py"),
        ("def fetch(url):\n    return url\n\nfetch(1)", "test_web.py"),
    ],
)
def test_code_of_a_guide_that_needs_what_is_not_shown_gives_way_to_a_test(
    tmp_path: Path, block: str, path: str
) -> None:
    code = "def fetch(url):\n    found = url.split()\n    return found\n"
    test = (
        "from web import fetch\n\n\ndef test_it():\n"
        "    assert fetch('a') == ['a']\n    assert fetch('b') == ['b']\n"
    )
    guide = f"# Web\n\nIt fetches.\n\n```python\nimport web\n\n{block}\n```\n"
    if path.endswith(".md") or block == "fetch(url)":
        guide = guide.replace("import web\n\n", "")
    files = {"web.py": code, "test_web.py": test, "docs/guide.md": guide}
    facts = read(tmp_path, files)
    [best, *_] = examples.best(facts, chapter_of(facts, "fetch"))
    assert best.path == path


def market(filler: int, base: str, made: str) -> str:
    """Return an example file: a class with a long method and one that makes something."""
    rows = "".join(f"        x{n} = {n}\n" for n in range(filler))
    return (
        "from shop import Shop\n\n\n"
        f"class Market{base}:\n"
        f"    def wait(self):\n{rows}\n"
        f"    def open(self):\n        shop = {made}()\n        shop.sell()\n"
    )


@pytest.mark.parametrize(
    ("code", "place"),
    [
        (market(10, "(Shop)", "dict"), (1, 19)),
        (market(45, "(Shop)", "dict"), (1, 54)),
        (market(45, "", "Shop"), (52, 54)),
        (market(70, "", "Shop"), (77, 79)),
        (market(70, "(Shop)", "dict"), None),
    ],
    ids=["file", "long file", "method", "method of a long class", "too long"],
)
def test_the_part_of_an_example_file_that_is_shown_is_whole(
    tmp_path: Path, code: str, place: tuple[int, int] | None
) -> None:
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "examples/market.py": code,
    }
    facts = read(tmp_path, files)
    places = [
        (example.first, example.last)
        for example in examples.best(facts, chapter_of(facts, "Shop"))
    ]
    assert places == ([place] if place else [])


def test_a_method_in_an_example_file_is_shown_without_its_indentation(
    tmp_path: Path,
) -> None:
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "examples/market.py": market(70, "", "Shop"),
    }
    facts = read(tmp_path, files)
    assert shown(facts, "Shop") == [
        (
            ExampleOrigin.EXAMPLE,
            ["def open(self):", "    shop = Shop()", "    shop.sell()"],
        )
    ]


@pytest.mark.parametrize(
    ("tag", "is_shown"), [("py", True), ("default", True), ("asm", False)]
)
def test_code_in_a_language_that_is_not_read_is_no_example(
    tmp_path: Path, tag: str, *, is_shown: bool
) -> None:
    block = f"```{tag}\nshop = Shop()\nshop.sell()\nprint(shop)\n```\n"
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "README.md": f"# Shop\n\n{block}",
    }
    assert bool(shown(read(tmp_path, files), "Shop")) is is_shown


def test_a_block_of_code_without_code_is_no_example(tmp_path: Path) -> None:
    code = (
        "/// Sells.\n///\n/// ```\n///\n/// ```\n"
        "pub fn sell(x: i32) -> i32 {\n    x\n}\n"
    )
    facts = read(tmp_path, {"lib.rs": code})
    assert shown(facts, "sell") == []


REPLY = (
    "class Reply:\n    def json(self):\n        return {}\n\n"
    "    def text(self):\n        return ''\n"
)
FETCHES = {
    "documented": (
        'def fetch(url):\n    """Fetch.\n\n    :rtype: web.Reply\n    """\n'
        "    return send(url)\n"
    ),
    "annotated": "def fetch(url) -> Reply:\n    return send(url)\n",
    "of another type": "def fetch(url) -> str:\n    return send(url)\n",
}
FETCHING = "# Web\n\n```python\nimport web\n\nreply = web.fetch('a')\n{}\n```\n"


@pytest.mark.parametrize(
    ("fetch", "use", "is_shown"),
    [
        ("documented", "print(reply.status)", True),
        ("annotated", "print(reply.status)", True),
        ("annotated", "print('reply.status')", False),
        ("of another type", "print(reply.status)", False),
    ],
)
def test_what_a_function_returns_is_a_use_of_its_type(
    tmp_path: Path, fetch: str, use: str, *, is_shown: bool
) -> None:
    files = {
        "reply.py": REPLY,
        "web.py": f"from reply import Reply\n\n\n{FETCHES[fetch]}",
        "README.md": FETCHING.format(use),
    }
    facts = read(tmp_path, files)
    sources = [
        example.source
        for example in examples.found(facts, chapter_of(facts, "Reply"))
    ]
    expected = ["the README, section “Web” (`reply` is a `Reply`)"]
    assert sources == (expected if is_shown else [])


@pytest.mark.parametrize(
    ("use", "other", "is_shown"),
    [
        ("reply.json()", "", True),
        ("reply.status", "", False),
        (
            "reply.json()",
            "    def fetch(self) -> str:\n        return ''\n",
            False,
        ),
    ],
    ids=["a member", "no member", "another result"],
)
def test_what_a_method_returns_is_used_by_a_member(
    tmp_path: Path, use: str, other: str, *, is_shown: bool
) -> None:
    methods = "    def fetch(self) -> Reply:\n        return self.sent()\n"
    cache = f"class Cache:\n{other or '    size = 1'}\n"
    code = f"from reply import Reply\n\n\nclass Web:\n{methods}\n\n{cache}"
    text = FETCHING.replace("web.fetch", "client.fetch").format(use)
    files = {"reply.py": REPLY, "web.py": code, "README.md": text}
    facts = read(tmp_path, files)
    found = examples.found(facts, chapter_of(facts, "Reply"))
    assert bool(found) is is_shown


def test_an_example_is_left_to_the_chapter_that_needs_it_and_linked_from_others(
    tmp_path: Path,
) -> None:
    test = (
        "from pear import Pear\n\n\ndef test_pear():\n    pear = Pear()\n"
        "    assert pear.ripe()\n    assert pear\n"
    )
    files = {
        "shop.py": "class Shop:\n    def sell(self):\n        return 1\n",
        "pear.py": "class Pear:\n    def ripe(self):\n        return 1\n",
        "README.md": (
            "# Shop\n\n```python\nfrom pear import Pear\nfrom shop import Shop\n\n"
            "shop = Shop()\nshop.sell(Pear())\n```\n"
        ),
        "tests/test_pear.py": test,
    }
    facts = read(tmp_path, files)
    shop = chapter_of(facts, "Shop")
    pear = chapter_of(facts, "Pear")
    first, second = sorted((shop, pear), key=lambda chapter: chapter.position)
    assert [e.origin for e in examples.best(facts, first)] == [
        ExampleOrigin.README
    ]
    assert examples.elsewhere(facts, first) == ""
    assert [e.origin for e in examples.best(facts, second)] != [
        ExampleOrigin.README
    ]
    name = "Pear" if second is pear else "Shop"
    assert examples.elsewhere(facts, second) == (
        f"The example of [chapter 1]({first.file}#example) uses `{name}`."
    )


def test_a_guide_of_a_later_subject_is_left_to_its_chapter(
    tmp_path: Path,
) -> None:
    guide = (
        "# Pears\n\n```python\nfrom pear import Pear\nfrom shop import Shop\n\n"
        "pear = Pear(Shop())\npear.ripe()\n```\n"
    )
    other = (
        "# Use\n\n\n\n\n\n\n\n\n```python\nfrom shop import Shop\n\n"
        "shop = Shop()\nshop.sell(1)\n```\n"
    )
    files = {
        "shop.py": "class Shop:\n    def sell(self, name):\n        return name\n",
        "pear.py": "class Pear:\n    def ripe(self):\n        return 1\n",
        "docs/pears.md": guide,
        "docs/use.md": other,
        "README.md": "# Shop\n\nA `Shop` sells each `Pear`.\n",
    }
    facts = read(tmp_path, files)
    paths = {
        name: [e.path for e in examples.best(facts, chapter_of(facts, name))]
        for name in ("Shop", "Pear")
    }
    assert paths == {"Shop": ["docs/use.md"], "Pear": ["docs/pears.md"]}


@pytest.mark.parametrize(
    "inside", ["shop._total = 1", "shop.bank = Mock()"], ids=["private", "mock"]
)
def test_a_test_of_the_inside_is_the_last_choice(
    tmp_path: Path, inside: str
) -> None:
    rows = "".join(f"    assert shop.sell({n}) == {n}\n" for n in range(3))
    tests = (
        "from shop import Shop\n\n\n"
        f"def test_shop():\n    shop = Shop()\n    {inside}\n{rows}\n\n"
        "def test_use():\n    shop = Shop()\n    assert shop.sell(5)\n    assert 1\n"
    )
    files = {
        "shop.py": "class Shop:\n    def sell(self, name):\n        return name\n",
        "tests/test_shop.py": tests,
    }
    facts = read(tmp_path, files)
    [example] = examples.best(facts, chapter_of(facts, "Shop"))
    assert example.source == "the tests (`test_use`)"


def test_the_first_use_in_the_document_of_a_subject_comes_first(
    tmp_path: Path,
) -> None:
    block = "```python\nfrom shop import Shop\n\nshop = Shop()\nshop.sell({})\n```\n"
    long = block.format("\n    1\n")
    files = {
        "shop.py": "class Shop:\n    def sell(self, name):\n        return name\n",
        "docs/shop.md": f"# Shop\n\n\n\n\n{long}\n\n{block.format(1)}",
        "docs/use.md": f"# Use\n\n{block.format(1)}",
    }
    facts = read(tmp_path, files)
    places = [
        (example.path, example.first)
        for example in examples.found(facts, chapter_of(facts, "Shop"))
    ]
    assert places == [
        ("docs/shop.md", 7),
        ("docs/shop.md", 17),
        ("docs/use.md", 4),
    ]


def test_a_name_behind_another_dot_is_no_constant_of_the_project(
    tmp_path: Path,
) -> None:
    code = "export const size = /^[0-9]+$/;\nexport const color = /^[a-z]+$/;\n"
    block = "```typescript\nconst x = {}size;\nx.go();\nx.run();\n```\n"
    shown_for = {}
    for receiver in ("patterns.", "", "schema."):
        text = f"# Use\n\n{block.format(receiver)}"
        tree = tmp_path / (receiver or "bare")
        facts = read(tree, {"src/patterns.ts": code, "README.md": text})
        found = examples.found(facts, chapter_of(facts, "size"))
        shown_for[receiver] = bool(found)
    assert shown_for == {"patterns.": True, "": True, "schema.": False}


def test_the_readmes_example_comes_before_one_with_more_names(
    tmp_path: Path,
) -> None:
    code = "".join(
        f"def {name}(cup):\n    cup.warm()\n    cup.check()\n    return cup\n\n\n"
        for name in ("brew", "serve")
    )
    readme = "from tea import brew\n\ncup = brew([])\nprint(cup)\n"
    guide = "from tea import brew, serve\n\ncup = brew([])\nserve(cup)\n"
    files = {
        "tea.py": code,
        "README.md": f"# Tea\n\n```python\n{readme}```\n",
        "docs/guide.md": f"# Guide\n\n```python\n{guide}```\n",
    }
    facts = read(tmp_path, files)
    chapter = chapter_of(facts, "brew")
    assert len(facts.named(chapter)) > 1
    first, *_ = examples.best(facts, chapter)
    assert first.path == "README.md"


BINDING = "package binding\n\nfunc Default() int {\n\tx := 1\n\treturn x\n}\n"
GO = {
    "gin.go": BINDING.replace("binding", "gin"),
    "binding/choose.go": BINDING,
    "README.md": "# Gin\n\n```go\nfunc main() {\n\tr := gin.Default()\n\tr.Run()\n}\n```\n",
    "gin_test.go": "package gin\n\nfunc TestGin(t *T) {\n\tx := Default()\n\tassert(x)\n}\n",
    "binding/choose_test.go": (
        "package binding\n\nfunc BenchmarkIt(t *T) {\n\tx := Default()\n\tassert(x)\n}\n\n"
        "func TestIt(t *T) {\n\tx := Default()\n\tassert(x)\n\tassert(x)\n}\n"
    ),
}


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        ("binding", ("README.md", 4)),
        ("README", ("gin_test.go", 3)),
        ("gin", ("binding/choose_test.go", 8)),
    ],
)
def test_an_example_of_go_has_the_name_of_the_package_and_is_no_benchmark(
    tmp_path: Path, left_out: str, expected: tuple[str, int]
) -> None:
    files = {
        path: code for path, code in GO.items() if not path.startswith(left_out)
    }
    facts = read(tmp_path, files)
    example, *_ = examples.found(facts, chapter_of(facts, "Default"))
    assert (example.path, example.first) == expected


def test_a_test_of_another_package_means_what_that_package_defines(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, GO)
    meant = {
        definition.path: [
            meaning.is_meant(facts, definition, GO[path]) for path in GO
        ]
        for definition in facts.definitions
        if definition.name == "Default"
    }
    assert meant == {
        "gin.go": [True, False, True, True, False],
        "binding/choose.go": [False, True, True, False, True],
    }


NEEDING = """\
# Market

```python
from shop import Shop, Basket
import math

class Long:
    a = 1
    b = 2
    c = 3
    d = 4
    e = 5
    f = 6
    g = 7
    h = 8
```

```python
basket = Basket(math.pi)
```

```python
with open("names") as names:
    shop = Shop(basket, names)
    shop.sell("apple")
USE
```

```python
from other import Shop
```
"""


@pytest.mark.parametrize(
    ("use", "place", "is_whole"),
    [
        ("shop.close()", "`README.md:4,5,19,23-26`", True),
        # Nobody types a class of nine lines again, and nothing binds `unknown`.
        ("Long()", "`README.md:4,5,19,23-26`", False),
        ("unknown()", "`README.md:4,5,19,23-26`", False),
    ],
)
def test_what_earlier_code_of_the_document_binds_is_shown_before_an_example(
    tmp_path: Path, use: str, place: str, *, is_whole: bool
) -> None:
    readme = NEEDING.replace("USE", use)
    facts = read(tmp_path, {"shop.py": SHOP, "README.md": readme})
    (example,) = (
        example
        for example in examples.found(facts, chapter_of(facts, "Shop"))
        if example.first == 23
    )
    assert (example.place, example.is_whole) == (place, is_whole)
    assert examples.lines(facts, example) == [
        "from shop import Shop, Basket",
        "import math",
        "basket = Basket(math.pi)",
        "",
        'with open("names") as names:',
        "    shop = Shop(basket, names)",
        '    shop.sell("apple")',
        use,
    ]
    page = examples.rendered(facts, example)
    assert not [
        finding.fault for finding in checked(facts, page, []) if finding.fault
    ]


def test_statements_of_a_session_are_shown_with_their_prompts(
    tmp_path: Path,
) -> None:
    readme = (
        "# Shop\n\n>>> from shop import Shop\n>>> @str\n... class A:\n...     x = 1\n\n"
        "Then:\n\n>>> Shop().sell(A)\n5\n>>> Shop().close()\n"
    )
    facts = read(tmp_path, {"shop.py": SHOP, "README.md": readme})
    (example,) = (
        example
        for example in examples.found(facts, chapter_of(facts, "Shop"))
        if example.first == 10
    )
    assert example.place == "`README.md:3,4-6,10-12`"
    assert examples.lines(facts, example) == [
        ">>> from shop import Shop",
        ">>> @str",
        "... class A:",
        "...     x = 1",
        "",
        ">>> Shop().sell(A)",
        "5",
        ">>> Shop().close()",
    ]


MAIN = """func main() {
\tr := gin.Default()
\tr.Use(BODY)
\tr.Run()
}"""


def test_go_that_uses_what_nothing_declares_gives_way(tmp_path: Path) -> None:
    declared = MAIN.replace("BODY", "gin.Trust(nil)")
    undeclared = MAIN.replace("BODY", "startPage")
    whole = f'package main\n\nimport "x.org/gin"\n\n{declared}'
    files = {
        "gin.go": GO["gin.go"],
        "ginS/gins.go": 'package ginS\n\nimport "x.org/gin"\n\nvar G = gin.Default()\n',
    }
    blocks = [undeclared, declared, whole, whole.replace(declared, undeclared)]
    code = "\n\n".join(f"```go\n{block}\n```" for block in blocks)
    facts = read(tmp_path, {**files, "README.md": f"# Gin\n\n{code}\n"})
    found = examples.found(facts, chapter_of(facts, "Default"))
    shown = ["\n".join(examples.lines(facts, example)) for example in found]
    assert [blocks.index(block) for block in shown] == [2, 1, 0, 3]
    assert [example.is_whole for example in found] == [True] + 3 * [False]


def test_an_example_whose_heading_has_the_name_is_about_it(
    tmp_path: Path,
) -> None:
    filler = "".join(f"value_{number} = {number}\n" for number in range(12))
    use = f"```python\nfrom shop import Shop\n{filler}Shop()\n```\n"
    readme = f"# Prices\n\n{use}\n# An open shop\n\n{use}"
    facts = read(tmp_path, {"shop.py": SHOP, "README.md": readme})
    first, *_ = examples.best(facts, chapter_of(facts, "Shop"))
    assert first.source == "the README, section “An open shop”"
