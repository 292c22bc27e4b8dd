"""The languages that files are written in, by their names, or else by their first lines."""

import re
from enum import StrEnum
from posixpath import basename
from typing import Final, Self

_SHEBANG: Final = re.compile(
    r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?)?([a-z][a-z+-]*)"
)
_EDITOR: Final = re.compile(
    r"-\*-\s*(?:.*?\bmode:\s*)?([\w+-]+)\s*(?:;.*?)?-\*-"
    r"|\b(?:vim?|ex):.*?\b(?:ft|filetype|syntax)=(\w+)",
    re.IGNORECASE,
)
"""The language for an editor: `-*- shell-script -*-`, `vim: ft=sh`."""
_ZSH: Final = ("#compdef", "#autoload")
_CPP_HEADER: Final = re.compile(
    r"^[ \t]*(?:class\s+\w+|namespace\b|template\s*<|using\s+\w|(?:public|private|protected)\s*:)",
    re.MULTILINE,
)
_HEAD: Final = 400
"""Characters at either end of a file that may name its language."""


class Language(StrEnum):
    """What a file is written in; the values are the tags that Markdown's code fences know."""

    extensions: tuple[str, ...]
    """Endings of its files' names, in lower case."""
    label: str
    """How it is called in a sentence."""

    def __new__(cls, tag: str, extensions: str = "", label: str = "") -> Self:
        language = str.__new__(cls, tag)
        language._value_ = tag
        language.extensions = tuple(extensions.split())
        language.label = label or tag.capitalize()
        return language

    PYTHON = "python", "py pyi pyw"
    JAVASCRIPT = "javascript", "js jsx mjs cjs", "JavaScript"
    TYPESCRIPT = "typescript", "ts mts cts", "TypeScript"
    TSX = "tsx", "tsx", "TypeScript"
    GO = "go", "go"
    RUST = "rust", "rs"
    JAVA = "java", "java"
    C = "c", "c"
    CPP = "cpp", "cc cpp cxx c++ cu hh hpp hxx h++ ipp tpp inl cuh", "C++"
    CSHARP = "csharp", "cs", "C#"
    RUBY = "ruby", "rb rake gemspec ru"
    PHP = "php", "php phtml", "PHP"
    KOTLIN = "kotlin", "kt kts"
    SWIFT = "swift", "swift"
    SCALA = "scala", "scala sc sbt"
    OBJECTIVE_C = "objectivec", "m mm", "Objective-C"
    DART = "dart", "dart"
    LUA = "lua", "lua"
    PERL = "perl", "pl pm"
    R = "r", "r"
    JULIA = "julia", "jl"
    HASKELL = "haskell", "hs lhs"
    OCAML = "ocaml", "ml mli", "OCaml"
    FSHARP = "fsharp", "fs fsi fsx", "F#"
    ERLANG = "erlang", "erl hrl"
    ELIXIR = "elixir", "ex exs"
    CLOJURE = "clojure", "clj cljs cljc edn"
    LISP = "lisp", "el lisp scm rkt"
    ZIG = "zig", "zig"
    NIM = "nim", "nim"
    FORTRAN = "fortran", "f f90 f95 for"
    PASCAL = "pascal", "pas pp dpr"
    ASSEMBLY = "asm", "asm s", "Assembly"
    GROOVY = "groovy", "groovy gradle"
    SOLIDITY = "solidity", "sol"
    VERILOG = "verilog", "v sv"
    VHDL = "vhdl", "vhd vhdl", "VHDL"
    SHELL = "bash", "sh bash zsh fish ksh", "shell"
    POWERSHELL = "powershell", "ps1 psm1", "PowerShell"
    BATCH = "bat", "bat cmd", "batch"
    TCL = "tcl", "tcl tk"
    AWK = "awk", "awk", "AWK"
    VIM = "vim", "vim", "Vim script"
    M4 = "m4", "m4"
    D = "d", "d"
    CRYSTAL = "crystal", "cr"
    COFFEESCRIPT = "coffeescript", "coffee", "CoffeeScript"
    ELM = "elm", "elm"
    ADA = "ada", "ads adb"
    GLSL = "glsl", "glsl vert frag comp", "GLSL"
    SQL = "sql", "sql ddl", "SQL"
    VUE = "vue", "vue"
    SVELTE = "svelte", "svelte"
    HTML = "html", "html htm xhtml", "HTML"
    CSS = "css", "css scss sass less styl", "CSS"
    TEMPLATE = (
        "jinja",
        "j2 jinja jinja2 tmpl tpl mustache hbs ejs erb haml",
        "templates",
    )
    PROTOBUF = "protobuf", "proto", "Protocol Buffers"
    GRAPHQL = "graphql", "graphql gql", "GraphQL"
    TERRAFORM = "hcl", "tf tfvars hcl", "HCL"
    NIX = "nix", "nix"
    DOCKER = "dockerfile"
    MAKE = "makefile", "mk"
    CMAKE = "cmake", "cmake"
    MARKDOWN = "markdown", "md markdown mdx mkd qmd rmd"
    RST = "rst", "rst", "reStructuredText"
    ASCIIDOC = "asciidoc", "adoc asciidoc", "AsciiDoc"
    LATEX = "latex", "tex", "LaTeX"
    NOTEBOOK = "json", "ipynb", "notebook"
    YAML = "yaml", "yaml yml dvc", "YAML"
    TOML = "toml", "toml", "TOML"
    INI = "ini", "ini cfg conf properties editorconfig env", "INI"
    XML = (
        "xml",
        "xml xsd xsl xslt plist csproj fsproj vbproj props targets nuspec resx xaml",
        "XML",
    )
    TEXT = "text", "", "plain text"


PARSED: Final = frozenset(
    {
        Language.PYTHON,
        Language.JAVASCRIPT,
        Language.TYPESCRIPT,
        Language.TSX,
        Language.GO,
        Language.RUST,
        Language.JAVA,
        Language.C,
        Language.CPP,
        Language.CSHARP,
        Language.KOTLIN,
        Language.RUBY,
        Language.PHP,
    }
)
"""Languages whose definitions and references are known; of all others, only files and headings are.
"""

PROSE: Final = frozenset(
    {
        Language.MARKDOWN,
        Language.RST,
        Language.ASCIIDOC,
        Language.LATEX,
        Language.TEXT,
        Language.NOTEBOOK,
    }
)
MARKUP: Final = frozenset({Language.HTML, Language.CSS, Language.TEMPLATE})
"""What says how something looks; where there is code, it is not what a project is about."""
SETTINGS: Final = frozenset(
    {
        Language.YAML,
        Language.TOML,
        Language.INI,
        Language.XML,
        Language.DOCKER,
        Language.MAKE,
        Language.CMAKE,
    }
)

_EXTENSIONS: Final = {
    extension: language
    for language in Language
    for extension in language.extensions
}

_NAMES: Final = {
    "makefile": Language.MAKE,
    "gnumakefile": Language.MAKE,
    "dockerfile": Language.DOCKER,
    "containerfile": Language.DOCKER,
    "cmakelists.txt": Language.CMAKE,
    "rakefile": Language.RUBY,
    "gemfile": Language.RUBY,
    "jenkinsfile": Language.GROOVY,
}

_PROGRAMS: Final = {
    name: language
    for language, names in {
        Language.PYTHON: "python pypy",
        Language.JAVASCRIPT: "node nodejs javascript js",
        Language.TYPESCRIPT: "deno bun ts-node tsx typescript",
        Language.SHELL: "sh bash zsh dash ksh ash fish bats shell-script shell",
        Language.RUBY: "ruby",
        Language.PERL: "perl cperl",
        Language.PHP: "php",
        Language.LUA: "lua luajit texlua",
        Language.R: "rscript r",
        Language.TCL: "tclsh wish expect tcl",
        Language.AWK: "awk gawk mawk",
        Language.POWERSHELL: "pwsh powershell",
        Language.GROOVY: "groovy",
        Language.JULIA: "julia",
        Language.ELIXIR: "elixir",
        Language.ERLANG: "escript erlang",
        Language.MAKE: "make makefile",
        Language.C: "c",
        Language.CPP: "c++ cpp",
        Language.LISP: "emacs-lisp lisp scheme sbcl guile racket",
    }.items()
    for name in names.split()
}
"""Interpreters that a first line names, and languages as editors call them."""


def language_of(path: str, text: str) -> Language:
    """Tell the language of a file by its name, or else its first line.

    Plain text is what nothing else fits.
    """
    name = basename(path).lower()
    if name in _NAMES:
        return _NAMES[name]
    extension = name.rpartition(".")[2]
    if extension == "h":
        if _CPP_HEADER.search(text):
            return Language.CPP
        return Language.C
    if "." in name and extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    return _by_first_lines(text)


def _by_first_lines(text: str) -> Language:
    head = text[:_HEAD]
    first, _, rest = head.partition("\n")
    if first.startswith(_ZSH):
        return Language.SHELL
    second = rest.partition("\n")[0]
    end = text[-_HEAD:].rstrip()
    last = end.rpartition("\n")[2]
    program = _SHEBANG.match(first)
    lines = f"{first}\n{second}\n{last}"
    mode = _EDITOR.search(lines)
    if program is not None:
        name = program[1].rstrip("-")
        return _PROGRAMS.get(name, Language.TEXT)
    if mode is not None:
        name = (mode[1] or mode[2]).lower()
        return _PROGRAMS.get(name, Language.TEXT)
    return Language.TEXT
