"""The languages that files are written in, by their names, or else by their first lines."""

import re
from enum import StrEnum
from posixpath import basename
from typing import Final

_SHEBANG: Final = re.compile(
    r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?)?([a-z][a-z+-]*)"
)
_EDITOR: Final = re.compile(
    r"-\*-\s*(?:.*?\bmode:\s*)?([\w+-]+)\s*(?:;.*?)?-\*-"
    r"|\b(?:vim?|ex):.*?\b(?:ft|filetype|syntax)=(\w+)",
    re.IGNORECASE,
)
"""What tells an editor the language: `-*- shell-script -*-`, `vim: ft=sh`."""
_ZSH: Final = ("#compdef", "#autoload")
_CPP_HEADER: Final = re.compile(
    r"^[ \t]*(?:class\s+\w+|namespace\b|template\s*<|using\s+\w|(?:public|private|protected)\s*:)",
    re.MULTILINE,
)
_HEAD: Final = 400
"""Characters at either end of a file that may tell its language."""


class Language(StrEnum):
    """What a file is written in; the values are the tags that Markdown's code fences know."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    TSX = "tsx"
    GO = "go"
    RUST = "rust"
    JAVA = "java"
    C = "c"
    CPP = "cpp"
    CSHARP = "csharp"
    RUBY = "ruby"
    PHP = "php"
    KOTLIN = "kotlin"
    SWIFT = "swift"
    SCALA = "scala"
    OBJECTIVE_C = "objectivec"
    DART = "dart"
    LUA = "lua"
    PERL = "perl"
    R = "r"
    JULIA = "julia"
    HASKELL = "haskell"
    OCAML = "ocaml"
    FSHARP = "fsharp"
    ERLANG = "erlang"
    ELIXIR = "elixir"
    CLOJURE = "clojure"
    LISP = "lisp"
    ZIG = "zig"
    NIM = "nim"
    FORTRAN = "fortran"
    PASCAL = "pascal"
    ASSEMBLY = "asm"
    GROOVY = "groovy"
    SOLIDITY = "solidity"
    VERILOG = "verilog"
    VHDL = "vhdl"
    SHELL = "bash"
    POWERSHELL = "powershell"
    BATCH = "bat"
    TCL = "tcl"
    AWK = "awk"
    VIM = "vim"
    M4 = "m4"
    D = "d"
    CRYSTAL = "crystal"
    COFFEESCRIPT = "coffeescript"
    ELM = "elm"
    ADA = "ada"
    GLSL = "glsl"
    SQL = "sql"
    VUE = "vue"
    SVELTE = "svelte"
    HTML = "html"
    CSS = "css"
    TEMPLATE = "jinja"
    PROTOBUF = "protobuf"
    GRAPHQL = "graphql"
    TERRAFORM = "hcl"
    NIX = "nix"
    DOCKER = "dockerfile"
    MAKE = "makefile"
    CMAKE = "cmake"
    MARKDOWN = "markdown"
    RST = "rst"
    ASCIIDOC = "asciidoc"
    LATEX = "latex"
    NOTEBOOK = "json"
    YAML = "yaml"
    TOML = "toml"
    INI = "ini"
    XML = "xml"
    TEXT = "text"


LABELS: Final = {
    Language.JAVASCRIPT: "JavaScript",
    Language.TYPESCRIPT: "TypeScript",
    Language.TSX: "TypeScript",
    Language.CPP: "C++",
    Language.CSHARP: "C#",
    Language.PHP: "PHP",
    Language.OBJECTIVE_C: "Objective-C",
    Language.OCAML: "OCaml",
    Language.FSHARP: "F#",
    Language.ASSEMBLY: "Assembly",
    Language.VHDL: "VHDL",
    Language.SHELL: "shell",
    Language.POWERSHELL: "PowerShell",
    Language.BATCH: "batch",
    Language.AWK: "AWK",
    Language.VIM: "Vim script",
    Language.COFFEESCRIPT: "CoffeeScript",
    Language.GLSL: "GLSL",
    Language.SQL: "SQL",
    Language.HTML: "HTML",
    Language.CSS: "CSS",
    Language.TEMPLATE: "templates",
    Language.PROTOBUF: "Protocol Buffers",
    Language.GRAPHQL: "GraphQL",
    Language.TERRAFORM: "HCL",
    Language.RST: "reStructuredText",
    Language.ASCIIDOC: "AsciiDoc",
    Language.LATEX: "LaTeX",
    Language.NOTEBOOK: "notebook",
    Language.YAML: "YAML",
    Language.TOML: "TOML",
    Language.INI: "INI",
    Language.XML: "XML",
    Language.TEXT: "plain text",
}
"""How languages are called in a sentence, where it is not their tag with a capital."""

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
    for language, extensions in {
        Language.PYTHON: "py pyi pyw",
        Language.JAVASCRIPT: "js jsx mjs cjs",
        Language.TYPESCRIPT: "ts mts cts",
        Language.TSX: "tsx",
        Language.GO: "go",
        Language.RUST: "rs",
        Language.JAVA: "java",
        Language.C: "c",
        Language.CPP: "cc cpp cxx c++ cu hh hpp hxx h++ ipp tpp inl cuh",
        Language.CSHARP: "cs",
        Language.RUBY: "rb rake gemspec ru",
        Language.PHP: "php phtml",
        Language.KOTLIN: "kt kts",
        Language.SWIFT: "swift",
        Language.SCALA: "scala sc sbt",
        Language.OBJECTIVE_C: "m mm",
        Language.DART: "dart",
        Language.LUA: "lua",
        Language.PERL: "pl pm",
        Language.R: "r",
        Language.JULIA: "jl",
        Language.HASKELL: "hs lhs",
        Language.OCAML: "ml mli",
        Language.FSHARP: "fs fsi fsx",
        Language.ERLANG: "erl hrl",
        Language.ELIXIR: "ex exs",
        Language.CLOJURE: "clj cljs cljc edn",
        Language.LISP: "el lisp scm rkt",
        Language.ZIG: "zig",
        Language.NIM: "nim",
        Language.FORTRAN: "f f90 f95 for",
        Language.PASCAL: "pas pp dpr",
        Language.ASSEMBLY: "asm s",
        Language.GROOVY: "groovy gradle",
        Language.SOLIDITY: "sol",
        Language.VERILOG: "v sv",
        Language.VHDL: "vhd vhdl",
        Language.SHELL: "sh bash zsh fish ksh",
        Language.POWERSHELL: "ps1 psm1",
        Language.BATCH: "bat cmd",
        Language.TCL: "tcl tk",
        Language.AWK: "awk",
        Language.VIM: "vim",
        Language.M4: "m4",
        Language.D: "d",
        Language.CRYSTAL: "cr",
        Language.COFFEESCRIPT: "coffee",
        Language.ELM: "elm",
        Language.ADA: "ads adb",
        Language.GLSL: "glsl vert frag comp",
        Language.SQL: "sql ddl",
        Language.VUE: "vue",
        Language.SVELTE: "svelte",
        Language.HTML: "html htm xhtml",
        Language.CSS: "css scss sass less styl",
        Language.TEMPLATE: "j2 jinja jinja2 tmpl tpl mustache hbs ejs erb haml",
        Language.PROTOBUF: "proto",
        Language.GRAPHQL: "graphql gql",
        Language.TERRAFORM: "tf tfvars hcl",
        Language.NIX: "nix",
        Language.MAKE: "mk",
        Language.CMAKE: "cmake",
        Language.MARKDOWN: "md markdown mdx mkd qmd rmd",
        Language.RST: "rst",
        Language.ASCIIDOC: "adoc asciidoc",
        Language.LATEX: "tex",
        Language.NOTEBOOK: "ipynb",
        Language.YAML: "yaml yml dvc",
        Language.TOML: "toml",
        Language.INI: "ini cfg conf properties editorconfig env",
        Language.XML: "xml xsd xsl xslt plist csproj fsproj vbproj props targets nuspec resx xaml",
    }.items()
    for extension in extensions.split()
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


def label(language: Language) -> str:
    """Return how a language is called in a sentence."""
    return LABELS.get(language, language.value.capitalize())


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
    first, _, rest = text[:_HEAD].partition("\n")
    if first.startswith(_ZSH):
        return Language.SHELL
    second = rest.partition("\n")[0]
    end = text[-_HEAD:].rstrip()
    last = end.rpartition("\n")[2]
    program = _SHEBANG.match(first)
    lines = f"{first}\n{second}\n{last}"
    mode = _EDITOR.search(lines)
    if program is not None:
        return _PROGRAMS.get(program[1].rstrip("-"), Language.TEXT)
    if mode is not None:
        name = (mode[1] or mode[2]).lower()
        return _PROGRAMS.get(name, Language.TEXT)
    return Language.TEXT
