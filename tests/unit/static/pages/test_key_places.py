"""The code that a chapter shows."""

from dataclasses import replace
from pathlib import Path

from tests.support.course_facts import chapter_of, index_of, read
from worker.engines.static.pages import key_places, member_lists
from worker.engines.static.pages.course import Chapter, CourseFacts


def names(facts: CourseFacts, chapter: Chapter) -> list[str]:
    return [
        place.definition.qualified
        for place in key_places.chosen(facts, chapter)
        if place.definition is not None
    ]


def test_a_long_function_is_shown_rather_than_a_short_one(
    tmp_path: Path,
) -> None:
    steps = "".join(f"        self.step({n})\n" for n in range(120))
    code = (
        "class Agent:\n    def run(self):\n        self.start()\n"
        f"{steps}        return self\n\n"
        "    def step(self, n):\n        self.n = n\n        self.m = n\n"
        "        return n\n\n"
        "    def start(self):\n        self.n = 0\n        self.m = 0\n"
        "        return 0\n"
    )
    facts = read(tmp_path, {"agent.py": code})
    assert names(facts, facts.chapters[0])[0] == "Agent.run"


def test_each_name_of_a_title_has_a_place_and_code_of_its_kind_has_none(
    tmp_path: Path,
) -> None:
    methods = "".join(
        f"    def act_{n}(self, x):\n        self.x = x\n        self.y = x\n"
        "        return x\n\n"
        for n in range(5)
    )
    code = (
        f"class Tree:\n{methods}\n"
        "class Leaf:\n    pass\n\n\nclass Root:\n    pass\n"
    )
    facts = read(tmp_path, {"tree.py": code})
    chapter = facts.chapters[0]
    symbols = tuple(index_of(facts, name) for name in ("Tree", "Leaf", "Root"))
    titled = replace(
        chapter,
        entry=replace(chapter.entry, name="Tree, Leaf and Root"),
        unit=replace(chapter.unit, symbols=symbols),
    )
    assert names(facts, titled) == ["Tree.act_0", "Leaf", "Root"]


def test_definitions_that_users_call_come_before_those_for_tests(
    tmp_path: Path,
) -> None:
    body = "{ x_ = 1; y_ = 2; z_ = 3;\n  run(x_);\n  run(y_);\n  }"
    code = (
        "class Base {\n public:\n  virtual int Get() = 0;\n};\n"
        f"class Impl : public Base {{\n public:\n  int TEST_All() {body}\n"
        f"  int Work() {body}\n  int Get() {body}\n  int x_; int y_; int z_;\n}};\n"
        "int run(int x) { return x; }\n"
    )
    facts = read(tmp_path, {"impl.cc": code})
    chapter = chapter_of(facts, "Impl")
    impl = index_of(facts, "Impl")
    unit = replace(chapter.unit, symbols=(impl,))
    shown = names(facts, replace(chapter, unit=unit))
    assert "Impl.TEST_All" not in shown
    assert shown[:2] == ["Impl", "Impl.Get"]


def test_an_alias_leads_to_its_class_and_a_stub_to_the_subtype_that_has_it(
    tmp_path: Path,
) -> None:
    body = "        self.x = x\n        self.y = x\n        return work(self)\n"
    code = (
        "def work(x):\n    return x\n\n\n"
        "class _Base:\n    def run(self, x):\n"
        "        raise NotImplementedError()\n\n\n"
        f"class Fast(_Base):\n    def run(self, x):\n{body}\n\n"
        "Base = _Base\n"
    )
    facts = read(tmp_path, {"bases.py": code})
    chapter = facts.chapters[0]
    unit = replace(chapter.unit, symbols=(index_of(facts, "Base"),))
    shown = names(facts, replace(chapter, unit=unit))
    assert shown[0] == "Fast.run"


def test_one_of_two_definitions_of_a_name_is_shown(tmp_path: Path) -> None:
    pool = (
        "class Pool:\n    def start(self, n):\n        self.n = n\n"
        "        self.m = n\n        return n\n"
    )
    facts = read(tmp_path, {"threads.py": pool, "forks.py": pool})
    pools = [
        definition.index
        for definition in facts.definitions
        if definition.qualified == "Pool"
    ]
    chapter = facts.chapters[0]
    unit = replace(chapter.unit, symbols=tuple(pools))
    shown = names(facts, replace(chapter, unit=unit))
    assert len(pools) == 2
    assert len(shown) == len(set(shown))


def test_a_method_that_only_pickles_a_value_is_not_shown(
    tmp_path: Path,
) -> None:
    body = "        self.x = x\n        self.y = x\n        return x\n"
    code = (
        f"class Tree:\n    def act(self, x):\n{body}\n"
        f"    def __reduce__(self, x=1):\n{body}"
    )
    facts = read(tmp_path, {"tree.py": code})
    shown = names(facts, facts.chapters[0])
    assert "Tree.act" in shown
    assert "Tree.__reduce__" not in shown


CALLED = '''class App:
    """An app."""

    def finish(self, result):
        """Finish a request."""
        self.result = result
        self.log = [result]
        self.count = self.note(result)
        return self.result

    def note(self, result):
        """Note a result."""
        self.noted = result
        self.log.append(result)
        return len(self.log)

    def dispatch(self, request):
        """Find out what answers a request."""
        self.request = request
        self.route = request.path
        return self.finish(request)

    def handle(self, request):
        """Handle a request."""
        self.seen = request
        self.last = request
        return self.dispatch(request)

    def banner(self, text):
        """Print a banner."""
        print(text)
        print(len(text))
        return text
'''


def test_code_is_shown_in_the_order_of_its_calls(tmp_path: Path) -> None:
    facts = read(tmp_path, {"app.py": CALLED})
    shown = names(facts, facts.chapters[0])
    assert shown == ["App.handle", "App.dispatch", "App.finish", "App.note"]


def test_the_function_that_a_caller_calls_first_is_shown_first(
    tmp_path: Path,
) -> None:
    code = (
        "class Frame:\n"
        "    def pop(self, error):\n        self.error = error\n"
        "        self.stack = self.note(1)\n        self.open = False\n"
        "        return self.error\n\n"
        "    def note(self, n):\n        self.n = n\n\n"
        "    def push(self, stack):\n        self.stack = stack\n"
        "        self.open = True\n        return self.note(2)\n\n\n"
        "def serve(frame: Frame):\n    frame.push([])\n    frame.pop(None)\n"
    )
    facts = read(tmp_path, {"frame.py": code})
    shown = names(facts, chapter_of(facts, "Frame"))
    assert shown.index("Frame.push") < shown.index("Frame.pop")


REQUEST = """class Request
  module Fields
    def cookies(header)
      pairs = header.split(";")
      pairs.map { |pair| pair.split("=") }
      pairs.to_h
    end
  end

  include Fields

  def read(header)
    @header = header
    @pairs = cookies(header)
    @pairs
  end
end
"""


def test_methods_of_an_included_module_are_the_types(tmp_path: Path) -> None:
    facts = read(tmp_path / "mixed", {"request.rb": REQUEST})
    shown = names(facts, chapter_of(facts, "Request"))
    assert sorted(shown) == ["Request.Fields.cookies", "Request.read"]
    apart = REQUEST.replace("  include Fields\n", "")
    facts = read(tmp_path / "apart", {"request.rb": apart})
    shown = names(facts, chapter_of(facts, "Request"))
    assert shown == ["Request.read"]


def _kettle(*methods: str) -> str:
    code = "class Kettle:\n"
    for method in methods:
        code += f"    def {method}(self, {method}_water):\n"
        code += f"        self.{method}_level = {method}_water\n"
        code += f"        self.{method}_count = len(self.{method}_all)\n"
        code += f"        return self.{method}_level\n\n"
    return code


LISTED = """API
===

.. autoclass:: tea.Cup
    :members: heat

.. autoclass:: tea.Kettle([water])
    :show-inheritance:
    :members: pour, heat,
              fill

    .. automethod:: rinse
.. automethod:: Kettle.dry
"""


def test_methods_come_in_the_order_in_which_documents_list_them(
    tmp_path: Path,
) -> None:
    methods = ("boil", "dry", "fill", "heat", "pour", "rinse", "scour")
    files = {"tea.py": _kettle(*methods), "docs/api.rst": LISTED}
    facts = read(tmp_path, files)
    kettle = facts.definitions[index_of(facts, "Kettle")]
    listed = member_lists.positions(facts, kettle)
    assert list(listed) == ["pour", "heat", "fill", "rinse", "dry"]
    shown = names(facts, chapter_of(facts, "Kettle"))
    shown.remove("Kettle.dry")
    assert shown == ["Kettle.pour", "Kettle.heat", "Kettle.fill"]


def test_methods_that_no_guide_names_come_first_if_tests_name_them(
    tmp_path: Path,
) -> None:
    files = {"tea.py": _kettle("boil", "fill", "heat", "pour", "rinse")}
    for number in range(3):
        body = "import tea\n\n\ndef test_rinse():\n    make().rinse(1)\n"
        files[f"tests/test_{number}.py"] = body
    facts = read(tmp_path / "tested", files)
    assert names(facts, chapter_of(facts, "Kettle"))[0] == "Kettle.rinse"
    files["README.md"] = "# Tea\n\nCall `kettle.heat(1)` first.\n"
    facts = read(tmp_path / "told", files)
    assert names(facts, chapter_of(facts, "Kettle"))[0] == "Kettle.heat"


def test_what_the_example_calls_comes_first(tmp_path: Path) -> None:
    readme = (
        "# App\n\n```python\nfrom app import App\n\napp = App()\n"
        "app.finish(1)\napp.dispatch(app.log)\n```\n"
    )
    facts = read(tmp_path, {"app.py": CALLED, "README.md": readme})
    shown = names(facts, facts.chapters[0])
    assert shown == ["App.finish", "App.dispatch", "App.handle", "App.note"]


GO = """package web

type Context struct {
	keys []string
	data map[string]string
}

func (c *Context) write(code int, kind string) {
	log(code)
	c.keys = append(c.keys, kind)
	log(kind)
}

func (c *Context) JSON(code int) {
	c.write(code, "json")
}

func (c *Context) XML(code int) {
	c.write(code, "xml")
}

func (c *Context) Println(code int) {
	c.data["a"] = kind(code)
}

func (c *Context) Param(key string) string {
	return c.data[key]
}

func log(value any) {
	println(value)
}

type Error struct {
	text string
}

func (e *Error) JSON(code int) string {
	return e.text
}
"""
GO_GUIDE = """# Guide

About `Context`:

```go
import (
	"fmt"
)

func show(c *web.Context) {
	fmt.Println(c.Param("a"))
	fmt.Println(c.Param("b"))
	fmt.Println("c")
	c.JSON(200)
	c.JSON(201)
	c.JSON(202)
	c.XML(200)
	c.XML(200)
}
```
"""


def test_short_methods_that_a_guide_calls_are_shown(tmp_path: Path) -> None:
    files = {"go.mod": "module web\n", "web.go": GO, "docs/guide.md": GO_GUIDE}
    facts = read(tmp_path, files)
    shown = names(facts, chapter_of(facts, "Context"))
    assert {"Context.JSON", "Context.Param"} <= set(shown)
    assert {"Context.XML", "Context.Println"}.isdisjoint(shown)
