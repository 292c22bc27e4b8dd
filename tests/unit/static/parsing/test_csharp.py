"""The parsing of C#."""

from pathlib import Path

from tests.support.analysed import analysed, kinds, parsed, referred
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """using System;
using static Shop.Limits;
using Many = Shop.Parts.List;

namespace Shop.Core;

/// <summary>Sells.</summary>
[Serializable]
public class Store<T> : Base<T, int>, ISource, Other.ISeller where T : class {
    private int count;
    public int Count { get; set; }
    public Store(int a) : base(a) {}
    internal async Task<int> Sell(string name) => 1;
    class Inner : Nested {}
}
public record Pair(int A, int B) : Row(A);
struct Point {}
interface ISource : IBase { int Take(); }
enum Kind { One }
public delegate void Done(object sender);
"""
FOUND = parsed(Language.CSHARP, TEXT)
BY_NAME = {definition.name: definition for definition in FOUND.drafts}


def test_types_and_methods_are_definitions() -> None:
    assert kinds(FOUND) == {
        "Store": "class", "Store.Store": "method", "Store.Sell": "method", "Store.Inner": "class",
        "Pair": "class",
        "Point": "struct", "ISource": "interface", "ISource.Take": "method", "Kind": "enum",
        "Done": "type",
    }  # fmt: skip


def test_bases_belong_to_the_type_that_names_them() -> None:
    store = FOUND.drafts[0]
    assert store.bases == ("Base", "ISource", "Other.ISeller")
    assert BY_NAME["Inner"].bases == ("Nested",)
    assert BY_NAME["Pair"].bases == ("Row",)
    assert BY_NAME["ISource"].bases == ("IBase",)


def test_a_definition_has_its_head_comment_attributes_and_access() -> None:
    store = FOUND.drafts[0]
    assert store.signature == (
        "public class Store<T> : Base<T, int>, ISource, Other.ISeller where T : class"
    )
    assert store.doc == "<summary>Sells.</summary>"
    assert store.decorators == ("Serializable",)
    assert store.public
    assert not BY_NAME["Sell"].public
    assert BY_NAME["Take"].public


def test_directives_are_imports_and_the_namespace_is_known() -> None:
    assert FOUND.package == "Shop.Core"
    assert FOUND.imports == (
        Import(module="System", everything=True, line=1),
        Import(module="Shop", names=(("Limits", "Limits"),), line=2),
        Import(module="Shop.Parts", names=(("Many", "List"),), line=3),
    )


def test_names_are_found_through_namespaces(tmp_path: Path) -> None:
    files = {
        "a/Store.cs": (
            "using Shop.Parts;\nnamespace Shop.Core;\n"
            "class Store : Base { Part part = new Part(); }\n"
        ),
        "b/Base.cs": "namespace Shop { class Base {} }\n",
        "c/Part.cs": "namespace Shop.Parts { class Part {} }\n",
        "d/Part.cs": "namespace Elsewhere { class Part {} }\n",
    }
    analysis = analysed(tmp_path, files)
    assert analysis.files["a/Store.cs"].imports[0].targets == ("c/Part.cs",)
    assert referred(analysis) == {"Store > Base", "Store > Part"}
    part = [
        definition.path
        for definition in analysis.definitions
        if definition.name == "Part"
    ]
    [target] = [
        ref.target
        for ref in analysis.references
        if analysis.definitions[ref.target].name == "Part"
    ]
    assert analysis.definitions[target].path == part[0] == "c/Part.cs"
