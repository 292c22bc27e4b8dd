"""A project's name, and the sentence that introduces it."""

from pathlib import Path

import pytest

from worker.engines.static.facts import Project, Role, SourceFile
from worker.engines.static.reading.documents import headings
from worker.engines.static.reading.language import language_of
from worker.engines.static.reading.project import describe


def described(
    texts: dict[str, str], docs: dict[str, str] | None = None
) -> Project:
    docs = docs or {}
    files = {}
    for path in {**texts, **docs}:
        text = texts.get(path, "")
        language = language_of(path, text)
        files[path] = SourceFile(
            path=path,
            location=Path(path),
            language=language,
            role=Role.DOCUMENT,
            size=len(text),
            lines=text.count("\n"),
            doc=docs.get(path, ""),
            headings=headings(language, text),
        )
    return describe(files, texts)


@pytest.mark.parametrize(
    ("text", "name", "tagline"),
    [
        pytest.param(
            "# What is Bread?\n\nBread is a store of loaves.\n",
            "Bread",
            "Bread is a store of loaves.",
            id="a title that is a question",
        ),
        pytest.param(
            '<h1 align="center">\n<img src="x.svg" > Bread</h1>\n'
            '<p align="center">Keeps loaves for you.</p>\n'
            '<p align="center"><a href="x"><img src="ci.svg"></a></p>\n',
            "Bread",
            "Keeps loaves for you.",
            id="a title and a paragraph in HTML",
        ),
        pytest.param(
            "> [!NOTE]\n> This is for version three.\n\n# Bread\n\n"
            "Bread is now elsewhere.\n\nA store of loaves.\n",
            "Bread",
            "A store of loaves.",
            id="announcements",
        ),
        pytest.param(
            "# Bread\n\nBread is written in Python, but loaves are flour.\n\n"
            "A store of loaves.\n",
            "Bread",
            "A store of loaves.",
            id="what it is written in",
        ),
        pytest.param(
            "# Bread\n\n[![ci](a)](b) [![x](c)][d]\n\n"
            "[Home](h) | [Installation](i) | [Reference](r)\n\n"
            "Keeps loaves in a store.\n\n[d]: https://example.org\n",
            "Bread",
            "Keeps loaves in a store.",
            id="badges, a row of links and a reference link",
        ),
        pytest.param(
            "# Features\n\n* fast\n\n# Build\n\nRun make to build all of it.\n",
            "This repository",
            "",
            id="sections without a title",
        ),
        pytest.param(
            "**Fast, minimalist store of loaves.**\n\n## Contents\n\n* a\n\n## Install\n\n"
            "This is a module.\n",
            "This repository",
            "Fast, minimalist store of loaves.",
            id="a slogan before any heading",
        ),
        pytest.param(
            "# Bread\n\nWelcome to Bread! Please sponsor us.\n\n"
            "Bread has 190 source files.\n\nBread keeps loaves.\n",
            "Bread",
            "Bread keeps loaves.",
            id="a greeting, a call for help and a count",
        ),
        pytest.param(
            "# bread\n\nThis project supports CMake out of the box.\n\nInstall it with make.\n",
            "bread",
            "",
            id="a sentence about the build",
        ),
        pytest.param(
            "# Bread\n\nBread is a fast [WSGI] oven (really!) Maybe for Python.\n\n"
            "[WSGI]: http://example.org\n",
            "Bread",
            "Bread is a fast WSGI oven (really!) Maybe for Python.",
            id="an exclamation in parentheses",
        ),
        pytest.param(
            "# :zap: bread\n\n🐻 A store of loaves.\n\n```\nA block of code.\n```\n",
            "bread",
            "A store of loaves.",
            id="emoji",
        ),
        pytest.param(
            "[![ci](a)](b)\n\nbread-store is a store of loaves.\n",
            "bread-store",
            "bread-store is a store of loaves.",
            id="no title",
        ),
        pytest.param(
            "bread v1.2.3\n============\n"
            "Keeps loaves, see [the norm][n1] and [Norm 2].\n\n"
            "[n1]: http://example.org\n",
            "bread",
            "Keeps loaves, see the norm and Norm 2.",
            id="a version in the title, a line below it, and links",
        ),
        pytest.param(
            "# bread\n\nMake use of the following ovens:\n\nThis allows others to bake.\n\n"
            "A store of loaves.\n",
            "bread",
            "A store of loaves.",
            id="half a sentence",
        ),
        pytest.param(
            "# 队列\n\n[首页](h)\n\n队列是一个用于多线程的环形队列库。它很快。\n",
            "队列",
            "队列是一个用于多线程的环形队列库。",
            id="a language without spaces",
        ),
        pytest.param(
            "# About Bread\n\nOne reads it. Bread is the oven of ovens.\n",
            "Bread",
            "Bread is the oven of ovens.",
            id="a title with words around the name",
        ),
    ],
)  # fmt: skip
def test_the_name_and_the_tagline_in_a_readme(
    text: str, name: str, tagline: str
) -> None:
    project = described({"README.md": text})
    assert (project.name, project.tagline) == (name, tagline)


def test_restructured_text_is_read_without_directives_and_link_marks() -> None:
    text = (
        "Bread\n=====\n\n.. image:: x.png\n   :alt: A badge of honour\n\n:Version: 3\n\n"
        "Bread is a fast WSGI_ oven for `Python <http://p>`_ programs.\n\n.. _WSGI: w\n"
    )
    project = described({"README.rst": text})
    assert project.tagline == "Bread is a fast WSGI oven for Python programs."


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("setup.cfg", "[metadata]\nname = bread\ndescription = {}\n", "bread"),
        ("setup.py", 'setup(\n    name="bread",\n    description="{}",\n)\n', "bread"),
        ("Cargo.toml", '[package]\nname = "bread"\ndescription = "{}"\n', "bread"),
        ("Cargo.toml", '[workspace.package]\ndescription = "{}"\n', "This repository"),
        ("composer.json", '{{"name": "acme/bread", "description": "{}"}}', "acme/bread"),
        ("bread.gemspec",
        'Gem::Specification.new do |s|\n  s.name = "bread"\n  s.summary = "{}"\nend\n', "bread"),
        ("bread.gemspec", "  s.name = 'bread'\n  s.summary = %q{{{}}}\n", "bread"),
        ("pom.xml", "<project><name>Bread</name><description>\n {}\n</description></project>",
        "Bread"),
        ("Bread.csproj", "<PackageId>Bread</PackageId><Description>{}</Description>", "Bread"),
        ("Bread.csproj", "<Project><Description>{}</Description></Project>", "Bread"),
        ("pubspec.yaml", "name: bread\ndescription: {}\n", "bread"),
    ],
)  # fmt: skip
def test_a_manifest_describes_the_package(
    path: str, text: str, name: str
) -> None:
    project = described({path: text.format("Keeps loaves in a store.")})
    assert (project.name, project.tagline) == (name, "Keeps loaves in a store.")


def test_a_sentence_about_the_project_by_its_name_comes_first() -> None:
    texts = {
        "pyproject.toml": '[project]\nname = "bread"\ndescription = "Loaves for humans."\n',
        "README.md": "# Bread\n\nSome words.\n\nBread is a store of loaves.\n",
    }
    assert described(texts).tagline == "Bread is a store of loaves."
    texts["README.md"] = "# Bread\n\nSome other words here.\n"
    assert described(texts).tagline == "Loaves for humans."


def test_the_docstring_of_the_main_module_describes_the_project_where_nothing_else_does() -> (
    None
):
    docs = {"src/bread/__init__.py": "A store of loaves.\n\nMore."}
    manifest = {"pyproject.toml": '[project]\nname = "bread"\n'}
    assert described(manifest, docs).tagline == "A store of loaves."
    docs = {"oven.go": "Package oven keeps loaves warm."}
    assert described({}, docs).tagline == "Package oven keeps loaves warm."
