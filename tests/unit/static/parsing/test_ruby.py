"""The parsing of Ruby."""

from pathlib import Path

from tests.support.analysed import analysed, kinds, parsed, referred
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """require "json"
require_relative 'shop/stock'

module Shop
  # Sells.
  class Store < Parts::Base #:nodoc:
    include Comparable
    extend Parts::Many
    attr_reader :count

    def initialize(count, limit: 3)
      raise ArgumentError, "x #{count}" if count
    end

    def self.open; end

    private

    def hide; end

    class Inner < Nested; end
  end

  module Helpers
    def help(name) = name
  end

  LIMIT = 3
end

def sell(name)
end
"""
FOUND = parsed(Language.RUBY, TEXT)
BY_NAME = {definition.name: definition for definition in FOUND.drafts}


def test_types_and_methods_are_definitions_and_namespaces_are_not() -> None:
    assert kinds(FOUND) == {
        "Store": "class", "Store.initialize": "method", "Store.open": "method",
        "Store.hide": "method",
        "Store.Inner": "class", "Helpers": "module", "Helpers.help": "method", "LIMIT": "constant",
        "sell": "function",
    }  # fmt: skip


def test_superclasses_and_included_modules_are_bases() -> None:
    assert BY_NAME["Store"].bases == ("Parts.Base", "Comparable", "Parts.Many")
    assert BY_NAME["Inner"].bases == ("Nested",)


def test_the_class_that_makes_a_superclass_is_the_base() -> None:
    text = "class Store < Struct.new(:name)\nend\nclass Part < Delegate(Store)\nend\n"
    drafts = parsed(Language.RUBY, text).drafts
    assert {each.name: each.bases for each in drafts} == {
        "Store": ("Struct",),
        "Part": (),
    }


def test_a_comment_that_instructs_the_interpreter_says_nothing() -> None:
    magic = "# frozen_string_literal: true\n"
    code = "require 'json'\nclass Store\nend\n"
    assert parsed(Language.RUBY, f"{magic}\n{code}").doc == ""
    told = f"{magic}\n# AUTHOR: Jo\n\n# Sells things.\n\n{code}"
    assert parsed(Language.RUBY, told).doc == "Sells things."
    together = f"{magic}# Sells things.\n\n{code}"
    assert parsed(Language.RUBY, together).doc == "Sells things."


def test_a_definition_has_its_head_comment_and_access() -> None:
    store = BY_NAME["Store"]
    assert (store.signature, store.doc) == (
        "class Store < Parts::Base",
        "Sells.",
    )
    assert BY_NAME["initialize"].signature == "def initialize(count, limit: 3)"
    assert BY_NAME["open"].signature == "def self.open"
    assert BY_NAME["open"].public
    assert not BY_NAME["hide"].public


def test_a_require_is_an_import() -> None:
    assert FOUND.imports == (
        Import(module="json", everything=True, line=1),
        Import(module="./shop/stock", everything=True, line=2),
    )


def test_names_are_found_through_what_is_required(tmp_path: Path) -> None:
    files = {
        "lib/shop.rb": (
            "require 'shop/stock'\nclass Store < Stock\n  def sell\n    Part.new\n  end\n"
            "end\n"
        ),
        "lib/shop/stock.rb": (
            "require_relative 'part'\nmodule Shop\n  class Stock\n    def take; end\n"
            "  end\nend\n"
        ),
        "lib/shop/part.rb": "module Shop\n  class Part\n  end\nend\n",
    }
    analysis = analysed(tmp_path, files)
    assert analysis.files["lib/shop.rb"].imports[0].targets == (
        "lib/shop/stock.rb",
    )
    assert referred(analysis) == {"Store > Stock", "Store.sell > Part"}


def test_a_constant_of_a_library_is_none_of_the_project(tmp_path: Path) -> None:
    handler = "module Shop\n  class CGI\n    def serve; end\n  end\nend\n"
    mock = (
        "{}require_relative 'cgi'\nmodule Shop\n  class Mock\n"
        "    Cookie = CGI::Cookie\n  end\nend\n"
    )
    files = {
        "lib/cgi.rb": handler,
        "lib/own.rb": mock.format(""),
        "lib/mock.rb": mock.format("require 'cgi/cookie'\n"),
    }
    analysis = analysed(tmp_path, files)
    naming = {
        reference.path
        for reference in analysis.references
        if analysis.definitions[reference.target].name == "CGI"
    }
    assert naming == {"lib/own.rb"}


APART = """# frozen_string_literal: true

# Copyright Jo

module Shop
  # Rest::Store sells things.
  # All of them.

  class Store
  end

  # Far away.


  class Part
  end
end
"""


def test_a_comment_above_an_empty_line_documents_a_type() -> None:
    drafts = parsed(Language.RUBY, APART).drafts
    assert [(each.name, each.doc) for each in drafts] == [
        ("Store", "Store sells things.\nAll of them."),
        ("Part", ""),
    ]
    licensed = "# Copyright Jo\n\nclass Store\nend\n"
    [store] = parsed(Language.RUBY, licensed).drafts
    assert store.doc == ""


def test_a_constant_is_that_of_the_types_around_and_no_method(
    tmp_path: Path,
) -> None:
    files = {
        "lib/mock.rb": (
            "require_relative 'cookie'\nmodule Shop\n  class Mock\n"
            "    class Cookie\n    end\n    def GET; end\n"
            "    def parse(kind)\n      Cookie.new if kind == GET\n    end\n"
            "  end\nend\n"
        ),
        "lib/cookie.rb": "module Session\n  class Cookie\n  end\nend\n",
    }
    analysis = analysed(tmp_path, files)
    assert referred(analysis) == {"Mock.parse > Mock.Cookie"}


def test_a_constant_behind_a_module_is_the_one_that_the_module_holds(
    tmp_path: Path,
) -> None:
    files = {
        "lib/part.rb": "module Shop\n  def self.new; end\n  class Part\n  end\nend\n",
        "lib/stall.rb": (
            "require_relative 'part'\nclass Stall\n"
            "  def own; Shop::Part.new; end\n  def other; Rest::Part.new; end\nend\n"
        ),
    }
    assert referred(analysed(tmp_path, files)) == {"Stall.own > Part"}


def test_super_is_no_receiver(tmp_path: Path) -> None:
    code = (
        "class Stock\n  def each; end\nend\nclass Mock < Stock\n"
        "  def body\n    super.each { |part| part }\n  end\nend\n"
    )
    analysis = analysed(tmp_path, {"lib/stock.rb": code})
    assert referred(analysis) == {"Mock > Stock"}
