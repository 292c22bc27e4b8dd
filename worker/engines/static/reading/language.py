"""The languages that files are written in, told by their names.

And by the first line where there is no other sign.
"""

import re
from enum import StrEnum
from typing import Final


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
        Language.YAML: "yaml yml",
        Language.TOML: "toml",
        Language.INI: "ini cfg conf properties editorconfig env",
        Language.XML: "xml xsd xsl xslt plist",
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

_INTERPRETERS: Final = {
    "python": Language.PYTHON,
    "node": Language.JAVASCRIPT,
    "sh": Language.SHELL,
    "bash": Language.SHELL,
    "zsh": Language.SHELL,
    "dash": Language.SHELL,
    "ruby": Language.RUBY,
    "perl": Language.PERL,
    "php": Language.PHP,
}
_SHEBANG: Final = re.compile(
    r"#!\s*\S*?/?(?:env\s+(?:-S\s+)?)?([a-z]+)[\d.]*(?:\s|$)"
)
_CPP_HEADER: Final = re.compile(
    r"^[ \t]*(?:class\s+\w+|namespace\b|template\s*<|using\s+\w|(?:public|private|protected)\s*:)",
    re.MULTILINE,
)


def label(language: Language) -> str:
    """Return how a language is called in a sentence."""
    return LABELS.get(language, language.value.capitalize())


def language_of(path: str, text: str) -> Language:
    """Tell the language of a file by its name, or else its first line.

    Plain text is what nothing else fits.
    """
    name = path.rpartition("/")[2].lower()
    if name in _NAMES:
        return _NAMES[name]
    extension = name.rpartition(".")[2]
    if extension == "h":
        return Language.CPP if _CPP_HEADER.search(text) else Language.C
    if "." in name and extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    if shebang := _SHEBANG.match(text):
        interpreter = shebang[1].rstrip("23")
        return _INTERPRETERS.get(interpreter, Language.TEXT)
    return Language.TEXT
