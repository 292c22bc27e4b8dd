"""A file's language, recognised by its name, its first or its last line."""

import pytest

from worker.engines.static.reading.language import Language, language_of


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("run", "#!/usr/bin/env -S python3 -u\n", Language.PYTHON),
        ("run", "#!/bin/sh\n", Language.SHELL),
        ("run", "#! /usr/bin/python3.11 -E\n", Language.PYTHON),
        ("run", "#!/usr/bin/env -S A=1 node --x\n", Language.JAVASCRIPT),
        ("run", "#!/usr/local/bin/ruby2.7\n", Language.RUBY),
        ("run", "#!/usr/bin/perl -w\n", Language.PERL),
        ("run", "#!/opt/unknown\n", Language.TEXT),
        ("_git", "#compdef git\n", Language.SHELL),
        ("git", "# git   -*- shell-script -*-\n\n_git() {\n", Language.SHELL),
        ("a", "# -*- mode: python; coding: utf-8 -*-\n", Language.PYTHON),
        ("a", "# -*- coding: utf-8 -*-\n", Language.TEXT),
        ("a", "x\n\n# ex: filetype=sh\n", Language.SHELL),
        ("a.h", "#ifdef A\nint a(void);\n", Language.C),
        ("a.h", "namespace a {\n", Language.CPP),
        ("a.tcl", "", Language.TCL),
        ("A/Makefile", "all:\n", Language.MAKE),
        ("notes", "Some words.\n", Language.TEXT),
    ],
)
def test_the_language_of_a_file(
    path: str, text: str, language: Language
) -> None:
    assert language_of(path, text) is language
