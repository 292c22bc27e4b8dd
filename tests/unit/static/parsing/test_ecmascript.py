"""The parsing of JavaScript and TypeScript."""

import pytest

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import Draft
from worker.engines.static.reading.language import Language

JS, TS, TSX = Language.JAVASCRIPT, Language.TYPESCRIPT, Language.TSX


def draft(language: Language, text: str, name: str) -> Draft:
    return next(
        draft for draft in parsed(language, text).drafts if draft.name == name
    )


@pytest.mark.parametrize("language", [JS, TS, TSX])
def test_declarations_of_both_languages_are_definitions(
    language: Language,
) -> None:
    text = """
class A extends B { #x = 1; go() {} static make() {} arrow = () => 1 }
function f() { function inner() {} }
function* g() {}
export const h = async () => 2
export default class D {}
const LIMIT = 3, later = []
let C = class {}
"""
    assert kinds(parsed(language, text)) == {
        "A": "class", "A.go": "method", "A.make": "method", "A.arrow": "method", "f": "function",
        "g": "function",
        "h": "function", "D": "class", "LIMIT": "constant", "later": "variable", "C": "class",
    }  # fmt: skip


def test_types_are_definitions_in_typescript() -> None:
    text = """
interface I extends J<K>, L { go(): void }
type T = string | number
enum E { One }
abstract class A<T> extends B<T> implements I, M.N { abstract do(): void; private p() {} }
declare function f(a: string): void
namespace S { export class Inner {} }
"""
    source = parsed(TS, text)
    assert kinds(source) == {
        "I": "interface", "I.go": "method", "T": "type", "E": "enum", "A": "class",
        "A.do": "method", "A.p": "method",
        "f": "function", "S.Inner": "class",
    }  # fmt: skip
    assert draft(TS, text, "I").bases == ("J", "L")
    assert draft(TS, text, "A").bases == ("B", "I", "M.N")
    assert not draft(TS, text, "p").public


def test_an_overloaded_function_is_defined_where_its_body_is() -> None:
    text = "function f(a: string): void\nfunction f(a: number): void\nfunction f(a: any) { }\n"
    assert [draft.line for draft in parsed(TS, text).drafts] == [3]


def test_functions_assigned_to_prototypes_and_objects_are_their_members() -> (
    None
):
    text = """
function Socket() {}
Socket.prototype.send = function send() {}
var app = exports = module.exports = {}
app.use = function use() {}
exports.parse = function () {}
this.x = function () {}
"""
    members = {draft.name: draft.owner for draft in parsed(JS, text).drafts}
    assert members == {
        "Socket": "",
        "send": "Socket",
        "app": "",
        "use": "app",
        "parse": "",
    }


def test_a_require_is_an_import_and_not_a_variable() -> None:
    text = """
const a = require('./a')
const { b, c: d } = require("b")
const e = require('f').g
module.exports = require('./lib')
exports.View = require('./view')
"""
    source = parsed(JS, text)
    assert source.imports == (
        Import(module="./a", alias="a", names=(("a", "default"),), line=2),
        Import(module="b", names=(("b", "b"), ("d", "c")), line=3),
        Import(module="f", names=(("e", "g"),), line=4),
        Import(module="./lib", everything=True, again=True, line=5),
        Import(
            module="./view", names=(("View", "default"),), again=True, line=6
        ),
    )
    assert source.drafts == ()


def test_imports_of_modules_are_read() -> None:
    text = """
import d, { a, b as c } from './m'
import * as n from "n"
import './side'
export { x as y } from './x'
export * from './all'
"""
    assert parsed(TS, text).imports == (
        Import(
            module="./m",
            names=(("d", "default"), ("a", "a"), ("c", "b")),
            line=2,
        ),
        Import(module="n", alias="n", line=3),
        Import(module="./side", line=4),
        Import(module="./x", names=(("y", "x"),), again=True, line=5),
        Import(module="./all", everything=True, again=True, line=6),
    )


def test_exports_of_modules_and_of_commonjs_are_read() -> None:
    text = (
        "export class A {}\nexport default function f() {}\nexport const x = 1, y = 2\n"
        "export { p as q }\n"
    )
    assert parsed(JS, text).exports == (
        ("A", "A"), ("default", "f"), ("x", "x"), ("y", "y"), ("q", "p"),
    )  # fmt: skip
    assert parsed(JS, "export default z\n").exports == (("default", "z"),)
    text = (
        "module.exports = { a, b: c }\nexports.d = e\nmodule.exports = F\n"
        "module.exports.g = function () {}\n"
    )
    assert parsed(JS, text).exports == (
        ("a", "a"),
        ("b", "c"),
        ("d", "e"),
        ("default", "F"),
        ("g", "g"),
    )


def test_comments_above_an_export_belong_to_what_it_exports() -> None:
    text = """/**
 * Says a.
 * @param x
 */
export class A {
  // Says go.
  go() {}
}
/** Says f. */
export const f = () => 1
"""
    assert {draft.name: draft.doc for draft in parsed(TS, text).drafts} == {
        "A": "Says a.\n@param x", "go": "", "f": "Says f.",
    }  # fmt: skip


@pytest.mark.parametrize("export", ["", "export ", "export default "])
def test_decorators_belong_to_what_comes_right_after_them(export: str) -> None:
    text = (
        f"@Component({{a: 1}})\n@Late\n{export}class A {{\n"
        "  c() {}\n  @Input() @Twice\n  b() {}\n  d() {}\n}\n"
    )
    assert {draft.name: draft.decorators for draft in parsed(TS, text).drafts} == {
        "A": ("Component({a: 1})", "Late"), "b": ("Input()", "Twice"), "c": (), "d": (),
    }  # fmt: skip


def test_text_between_tags_is_not_code() -> None:
    code = parsed(TSX, "const a = <p title='Name'>Name <Name/></p>\n").code
    assert code.count(b"Name") == 1


def test_names_inside_templates_are_code() -> None:
    code = parsed(
        JS, "const a = `Name ${Name}`; const b = /Name/; // Name\n"
    ).code
    assert code.count(b"Name") == 1


def test_a_whole_export_of_a_named_function_defines_it() -> None:
    assert kinds(parsed(JS, "module.exports = function build() {}\n")) == {
        "build": "function"
    }
    assert kinds(parsed(JS, "module.exports = function () {}\n")) == {}


def test_imports_on_one_line_keep_their_order() -> None:
    modules = [f"m{number}" for number in range(40)]
    text = ";".join(f"import a from '{module}'" for module in modules)
    source = parsed(JS, text)
    assert [statement.module for statement in source.imports] == modules


def test_a_file_that_begins_with_code_in_a_comment_says_nothing() -> None:
    code = (
        '// import { z } from "./schemas.js";\n\nimport { y } from "./y.js";\n'
    )
    assert parsed(TS, code).doc == ""
    assert parsed(TS, f"// About schemas.\n\n{code}").doc == "About schemas."


def test_a_block_of_documentation_apart_by_an_empty_line_is_of_the_function_below_it() -> (
    None
):
    text = """
/**
 * All of the shop.
 */

function first() {}

/**
 * Sells.
 */

shop.sell = function () {}

/**
 * Takes.
 */


shop.take = function () {}

// Not documentation.

shop.hide = function () {}
"""
    assert {draft.name: draft.doc for draft in parsed(JS, text).drafts} == {
        "first": "",
        "sell": "Sells.",
        "take": "",
        "hide": "",
    }
