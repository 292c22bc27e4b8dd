"""Lists the mutants that the last `mutmut run` left alive, a line for each.

    python -m tests.sabotage.survivors            those without an explanation
    python -m tests.sabotage.survivors --summary  how many there are in each file

Mutants of words do not count: a literal that has a space in it, or any argument of a
log call. Those that need no test are explained in `tests/sabotage/explained.toml`.
"""

import argparse
import ast
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MUTANTS: Final = Path("mutants")
EXPLAINED: Final = Path(__file__).with_name("explained.toml")
_RESULTS: Final = {
    None: "not tried",
    0: "survived",
    5: "no tests",
    33: "no tests",
    34: "skipped",
    24: "timeout",
    36: "timeout",
    152: "timeout",
    -24: "timeout",
    255: "timeout",
}
"""What mutmut's exit codes mean; all others mean that a test has failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A function with one change."""

    file: str
    function: str
    change: str
    result: str
    words: bool
    """Nothing but words is changed."""


def main() -> int:
    """Print the survivors, or the summary."""
    parser = argparse.ArgumentParser(description="List surviving mutants.")
    parser.add_argument("--summary", action="store_true")
    arguments = parser.parse_args()
    explained = {
        (entry["file"], entry["function"], entry["change"])
        for entry in tomllib.loads(EXPLAINED.read_text())["mutant"]
    }
    counts: dict[str, Counter[str]] = {}
    unexplained = 0
    for mutant in mutants():
        result = mutant.result
        if result in {"survived", "no tests"}:
            key = (mutant.file, mutant.function, mutant.change)
            if mutant.words:
                result = "words"
            elif key in explained:
                result = "explained"
            else:
                unexplained += 1
                if not arguments.summary:
                    sys.stdout.write(
                        f"{mutant.file} {mutant.function}: {mutant.change}\n"
                    )
        counts.setdefault(mutant.file, Counter())[result] += 1
    for file, results in counts.items():
        numbers = ", ".join(f"{n} {name}" for name, n in results.most_common())
        if arguments.summary:
            sys.stdout.write(f"{file}: {results.total()} mutants: {numbers}\n")
    return 1 if unexplained else 0


def mutants() -> Iterator[Mutant]:
    """Yield all mutants of the last run."""
    for meta in sorted(MUTANTS.rglob("*.py.meta")):
        path = meta.with_suffix("")
        results = json.loads(meta.read_text())["exit_code_by_key"]
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef)
        }
        for key, code in results.items():
            mangled = key.rpartition(".")[2]
            stem = mangled.rpartition("__mutmut_")[0]
            old, new = functions[f"{stem}__mutmut_orig"], functions[mangled]
            yield Mutant(
                file=str(path.relative_to(MUTANTS)),
                function=stem.removeprefix("x_").strip("xǁ").replace("ǁ", "."),
                change=_change(old, new),
                result=_RESULTS.get(code, "killed"),
                words=_without_words(old) == _without_words(new),
            )


def _change(old: ast.FunctionDef, new: ast.FunctionDef) -> str:
    """Return the smallest part that has changed, before and after."""
    before, after = ast.Module(old.body, []), ast.Module(new.body, [])
    part: tuple[ast.AST, ast.AST] = (before, after)
    shown = part
    while pair := _only_difference(*part):
        part = pair
        if isinstance(part[0], ast.expr | ast.stmt) and not isinstance(
            part[0], ast.Constant | ast.Name
        ):
            shown = part
    return " -> ".join(" ".join(ast.unparse(node).split()) for node in shown)


def _only_difference(
    old: ast.AST, new: ast.AST
) -> tuple[ast.AST, ast.AST] | None:
    """Return the one child in which two nodes of the same kind differ."""
    if type(old) is not type(new):
        return None
    children = list(ast.iter_child_nodes(old)), list(ast.iter_child_nodes(new))
    if len(children[0]) != len(children[1]):
        return None
    different = [
        pair
        for pair in zip(*children, strict=True)
        if ast.dump(pair[0]) != ast.dump(pair[1])
    ]
    return different[0] if len(different) == 1 else None


class _WithoutWords(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if ast.unparse(node).startswith("LOG."):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and " " in node.value:
            return ast.Constant("words")
        return node


def _without_words(function: ast.FunctionDef) -> str:
    module = ast.parse(ast.unparse(ast.Module(function.body, [])))
    return ast.dump(_WithoutWords().visit(module))


if __name__ == "__main__":
    sys.exit(main())
