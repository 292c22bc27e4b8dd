"""Nested types have their own bases, in every language that nests types."""

import pytest

from tests.support.analysed import parsed
from worker.engines.static.reading.language import Language

CODE = {
    Language.PYTHON: "class Outer:\n    class Inner(Base):\n        pass\n",
    Language.TYPESCRIPT: "namespace Outer { export class Inner extends Base {} }\n",
    Language.JAVA: "class Outer { static class Inner extends Base {} }\n",
    Language.CPP: "class Outer { class Inner : public Base {}; };\n",
    Language.CSHARP: "class Outer { class Inner : Base {} }\n",
    Language.KOTLIN: "class Outer { inner class Inner : Base() }\n",
    Language.RUBY: "class Outer\n  def a; end\n  class Inner < Base; end\nend\n",
    Language.RUST: "struct Outer;\nmod inner { struct Inner; impl Base for Inner {} }\n",
}


@pytest.mark.parametrize("language", CODE)
def test_a_nested_type_has_its_own_bases(language: Language) -> None:
    source = parsed(language, CODE[language])
    bases = {draft.name: draft.bases for draft in source.drafts}
    bases |= {name: (base,) for name, base in source.extends}
    assert bases.get("Outer", ()) == ()
    assert bases["Inner"] == ("Base",)
