"""Small repositories in many languages to make courses of: a shop with stock, prices and errors."""

from collections.abc import Mapping
from typing import Final

PYTHON: Final = {
    "README.md": "# Shop\n\nSells things. Start with `Store`.\n\n"
    '## Usage\n\nCall `Store.sell("apple")`.\n',
    "shop/__init__.py": '"""A shop."""\n\nfrom shop.store import Store\n\n__all__ = ["Store"]\n',
    "shop/stock.py": '''"""What there is."""

import os


class Stock:
    """Counts things.

    It never counts below zero.
    """

    def __init__(self, limit=10):
        self.limit = limit
        self.things = {}

    def add(self, name, number=1):
        """Put things in."""
        if number > self.limit:
            raise ValueError("too many at once")
        self.things[name] = self.things.get(name, 0) + number
        return self.things[name]

    def take(self, name):
        """Take one thing out."""
        if not self.things.get(name):
            raise EmptyError(f"no {name} is left")
        self.things[name] -= 1
        return name


class EmptyError(Exception):
    """There is nothing left."""


class Cellar(Stock):
    """A stock below the ground."""

    def take(self, name):
        """Take one thing out, carefully."""
        if os.environ.get("SHOP_DARK"):
            raise EmptyError("it is dark")
        return super().take(name)
''',
    "shop/store.py": '''"""Where things are sold."""

from shop.prices import price_of, rounded
from shop.stock import Cellar, EmptyError, Stock


class Store:
    """Sells things from a stock."""

    def __init__(self, stock=None):
        self.stock = stock or Cellar()
        self.money = 0

    def sell(self, name):
        """Sell one thing, and return what it costs."""
        try:
            self.stock.take(name)
        except EmptyError:
            return None
        cost = rounded(price_of(name))
        self.money += cost
        return cost


def open_store(things):
    """Return a store with things in it."""
    stock = Stock(limit=100)
    for name in things:
        stock.add(name)
    return Store(stock)
''',
    "shop/prices.py": '''"""What things cost."""

PRICES = {"apple": 2, "pear": 3}


def price_of(name):
    """Return the price of a thing."""
    if name not in PRICES:
        raise KeyError(name)
    return PRICES[name]


def rounded(price):
    """Return a price in whole coins."""
    return int(price)
''',
    "tests/test_store.py": """from shop.store import Store, open_store


def test_store_sells_what_it_has():
    store = open_store(["apple"])
    assert isinstance(store, Store)
    assert store.sell("apple") == 2
""",
}

JAVASCRIPT: Final = {
    "package.json": '{"name": "shop", "description": "Sells things.", "main": "lib/store.js"}\n',
    "lib/stock.js": """'use strict';

/** Counts things. */
class Stock {
  constructor(limit = 10) {
    this.limit = limit;
    this.things = new Map();
  }

  /** Takes one thing out. */
  take(name) {
    if (!this.things.get(name)) {
      throw new RangeError('nothing is left');
    }
    this.things.set(name, this.things.get(name) - 1);
    return name;
  }
}

/** A stock below the ground. */
class Cellar extends Stock {
  take(name) {
    return super.take(name);
  }
}

module.exports = { Stock, Cellar };
""",
    "lib/store.js": """'use strict';

const { Stock, Cellar } = require('./stock');

/** Sells things. */
class Store {
  constructor(stock) {
    this.stock = stock || new Cellar();
  }

  /** Sells one thing. */
  sell(name) {
    const taken = this.stock.take(name);
    return priceOf(taken);
  }
}

/** Returns the price of a thing. */
function priceOf(name) {
  return name.length;
}

module.exports = { Store, priceOf };
""",
}

TYPESCRIPT: Final = {
    "package.json": '{"name": "shop", "description": "Sells things."}\n',
    "src/stock.ts": """/** Whatever can be taken from. */
export interface Source {
  take(name: string): string;
}

/** Counts things. */
export class Stock implements Source {
  private things: Record<string, number> = {};

  constructor(readonly limit: number = 10) {}

  /** Takes one thing out. */
  take(name: string): string {
    if (!this.things[name]) {
      throw new EmptyError("nothing is left");
    }
    this.things[name] -= 1;
    return name;
  }
}

/** There is nothing left. */
export class EmptyError extends Error {}
""",
    "src/store.ts": """import { Source, Stock } from "./stock";

/** Sells things. */
export class Store {
  constructor(private readonly stock: Source = new Stock()) {}

  /** Sells one thing. */
  sell(name: string): number {
    return priceOf(this.stock.take(name));
  }
}

/** Returns the price of a thing. */
export const priceOf = (name: string): number => name.length;
""",
}

GO: Final = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "stock/stock.go": """// Package stock counts things.
package stock

import "errors"

// ErrEmpty says that there is nothing left.
var ErrEmpty = errors.New("nothing is left")

// Source is whatever can be taken from.
type Source interface {
	Take(name string) (string, error)
}

// Stock counts things.
type Stock struct {
	things map[string]int
}

// NewStock returns an empty stock.
func NewStock() *Stock {
	return &Stock{things: map[string]int{}}
}

// Take takes one thing out.
func (s *Stock) Take(name string) (string, error) {
	if s.things[name] == 0 {
		return "", ErrEmpty
	}
	s.things[name]--
	return name, nil
}
""",
    "store.go": """package shop

import "example.com/shop/stock"

// Store sells things.
type Store struct {
	source stock.Source
}

// NewStore returns a store with an empty stock.
func NewStore() *Store {
	return &Store{source: stock.NewStock()}
}

// Sell sells one thing.
func (s *Store) Sell(name string) (int, error) {
	taken, err := s.source.Take(name)
	if err != nil {
		return 0, err
	}
	return len(taken), nil
}
""",
}

RUST: Final = {
    "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n',
    "src/lib.rs": "//! Sells things.\n\npub mod stock;\npub mod store;\n",
    "src/stock.rs": """//! What there is.

use std::collections::HashMap;

/// Whatever can be taken from.
pub trait Source {
    /// Takes one thing out.
    fn take(&mut self, name: &str) -> Result<String, Empty>;
}

/// There is nothing left.
#[derive(Debug)]
pub struct Empty;

/// Counts things.
pub struct Stock {
    things: HashMap<String, u32>,
}

impl Stock {
    /// Returns an empty stock.
    pub fn new() -> Self {
        Stock { things: HashMap::new() }
    }
}

impl Source for Stock {
    fn take(&mut self, name: &str) -> Result<String, Empty> {
        match self.things.get_mut(name) {
            Some(count) if *count > 0 => {
                *count -= 1;
                Ok(name.to_string())
            }
            _ => Err(Empty),
        }
    }
}
""",
    "src/store.rs": """//! Where things are sold.

use crate::stock::{Empty, Source};

/// Sells things.
pub struct Store<S: Source> {
    stock: S,
}

impl<S: Source> Store<S> {
    /// Sells one thing.
    pub fn sell(&mut self, name: &str) -> Result<usize, Empty> {
        let taken = self.stock.take(name)?;
        Ok(price_of(&taken))
    }
}

/// Returns the price of a thing.
pub fn price_of(name: &str) -> usize {
    name.len()
}
""",
}

JAVA: Final = {
    "src/main/java/shop/Stock.java": """package shop;

import java.util.HashMap;
import java.util.Map;

/** Counts things. */
public class Stock implements Source {
    private final Map<String, Integer> things = new HashMap<>();

    /** Takes one thing out. */
    @Override
    public String take(String name) {
        if (!things.containsKey(name)) {
            throw new EmptyException("nothing is left");
        }
        things.merge(name, -1, Integer::sum);
        return name;
    }
}
""",
    "src/main/java/shop/Source.java": """package shop;

/** Whatever can be taken from. */
public interface Source {
    String take(String name);
}
""",
    "src/main/java/shop/EmptyException.java": """package shop;

/** There is nothing left. */
public class EmptyException extends RuntimeException {
    public EmptyException(String message) {
        super(message);
    }
}
""",
    "src/main/java/shop/Store.java": """package shop;

/** Sells things. */
public class Store {
    private final Source source;

    public Store() {
        this.source = new Stock();
    }

    /** Sells one thing. */
    public int sell(String name) {
        return source.take(name).length();
    }
}
""",
}

C: Final = {
    "include/stock.h": """#ifndef STOCK_H
#define STOCK_H

#define STOCK_LIMIT 10

/* Counts things. */
struct stock {
    int count;
};

/* Takes one thing out; returns -1 if there is none. */
int stock_take(struct stock *stock);

#endif
""",
    "src/stock.c": """#include "stock.h"

int stock_take(struct stock *stock)
{
    if (stock->count == 0) {
        return -1;
    }
    stock->count--;
    return stock->count;
}
""",
    "src/store.c": """#include "stock.h"

/* Sells one thing. */
int store_sell(struct stock *stock)
{
    int left = stock_take(stock);
    return left < 0 ? 0 : STOCK_LIMIT - left;
}
""",
}

CPP: Final = {
    "include/stock.hpp": """#pragma once
#include <map>
#include <stdexcept>
#include <string>

namespace shop {

/// Whatever can be taken from.
class Source {
public:
    virtual ~Source() = default;
    virtual std::string take(const std::string& name) = 0;
};

/// Counts things.
class Stock : public Source {
public:
    explicit Stock(int limit = 10);
    std::string take(const std::string& name) override;

private:
    int limit_;
    std::map<std::string, int> things_;
};

}  // namespace shop
""",
    "src/stock.cpp": """#include "stock.hpp"

namespace shop {

Stock::Stock(int limit) : limit_(limit) {}

std::string Stock::take(const std::string& name) {
    if (things_[name] == 0) {
        throw std::runtime_error("nothing is left");
    }
    things_[name]--;
    return name;
}

}  // namespace shop
""",
    "src/store.cpp": """#include "stock.hpp"

namespace shop {

/// Sells things.
class Store {
public:
    int sell(const std::string& name) { return static_cast<int>(stock_.take(name).size()); }

private:
    Stock stock_;
};

}  // namespace shop
""",
}

TEXTS: Final = {
    "README.md": "# Bread\n\nHow to bake.\n\n## Flour\n\nTake 500 g of it.\n\n"
    "## Water\n\nTake 350 g. See `oven.md`.\n",
    "oven.md": "# The oven\n\nIt must be hot before the bread is in it.\n\n"
    "## Steam\n\nPour water on the floor.\n",
    "shopping.txt": "flour\nwater\nsalt\n",
}

ONE_LINE: Final = {"NOTES": "remember the milk"}

MIXED: Final = {
    **{f"python/{path}": body for path, body in PYTHON.items()},
    **{f"web/{path}": body for path, body in TYPESCRIPT.items()},
    **{f"core/{path}": body for path, body in RUST.items()},
    "scripts/build.sh": "#!/bin/sh\nbuild() {\n  make all\n}\nbuild\n",
    "db/schema.sql": "CREATE TABLE things (\n  name TEXT\n);\n"
    "CREATE VIEW left_over AS SELECT * FROM things;\n",
}

CSHARP: Final = {
    "Shop.csproj": (
        "<Project><PropertyGroup><Description>Sells a few things.</Description>"
        "</PropertyGroup></Project>\n"
    ),
    "src/Stock.cs": """namespace Shop.Parts;

/// <summary>Counts things.</summary>
public class Stock : ISource
{
    private readonly Dictionary<string, int> things = new();

    /// <summary>Takes one thing out.</summary>
    public string Take(string name)
    {
        if (!things.ContainsKey(name))
        {
            throw new EmptyException("nothing is left");
        }
        things[name] -= 1;
        return name;
    }
}

public interface ISource
{
    string Take(string name);
}

public class EmptyException : Exception {}
""",
    "src/Store.cs": """using System;
using Shop.Parts;

namespace Shop;

/// <summary>Sells things.</summary>
public class Store
{
    private readonly Stock stock = new Stock();

    /// <summary>Sells one thing.</summary>
    public string Sell(string name)
    {
        try
        {
            return stock.Take(name);
        }
        catch (EmptyException)
        {
            return "";
        }
    }
}
""",
    "Tests/StoreTests.cs": (
        'public class StoreTests { public void Sells() { new Store().Sell("apple"); } }\n'
    ),
}

KOTLIN: Final = {
    "src/main/kotlin/shop/Stock.kt": """package shop.parts

/** Counts things. */
open class Stock(private val limit: Int = 10) : Source {
    private val things = mutableMapOf<String, Int>()

    /** Takes one thing out. */
    override fun take(name: String): String {
        if (name !in things) {
            throw EmptyException("nothing is left")
        }
        things[name] = things.getValue(name) - 1
        return name
    }
}

interface Source {
    fun take(name: String): String
}

class EmptyException(message: String) : Exception(message)

/** A stock below the ground. */
class Cellar : Stock(100)
""",
    "src/main/kotlin/shop/Store.kt": """package shop

import shop.parts.Cellar
import shop.parts.EmptyException
import shop.parts.Stock

/** Sells things. */
class Store(private val stock: Stock = Cellar()) {
    /** Sells one thing. */
    fun sell(name: String): String {
        return try {
            stock.take(name)
        } catch (error: EmptyException) {
            ""
        }
    }
}

/** Opens a store. */
fun openStore(): Store = Store()
""",
}

RUBY: Final = {
    "shop.gemspec": (
        "Gem::Specification.new do |s|\n  s.name = 'shop'\n"
        "  s.summary = 'Sells a few things'\nend\n"
    ),
    "lib/shop.rb": """require "shop/stock"

module Shop
  # Sells things.
  class Store
    def initialize(stock = Cellar.new)
      @stock = stock
    end

    # Sells one thing.
    def sell(name)
      @stock.take(name)
    rescue EmptyError
      nil
    end
  end
end
""",
    "lib/shop/stock.rb": """module Shop
  class EmptyError < StandardError; end

  # Counts things.
  class Stock
    include Comparable

    # Takes one thing out.
    def take(name)
      raise EmptyError, "nothing is left" unless @things.key?(name)
      @things[name] -= 1
      name
    end
  end

  # A stock below the ground.
  class Cellar < Stock
    def limit
      100
    end
  end
end
""",
    "spec/shop_spec.rb": (
        "describe Shop::Store do\n  it('sells') { Shop::Store.new.sell('apple') }\nend\n"
    ),
}

PHP: Final = {
    "composer.json": '{"name": "acme/shop", "description": "Sells a few things."}\n',
    "src/Stock.php": """<?php

namespace Shop\\Parts;

/** Counts things. */
class Stock implements Source
{
    private array $things = [];

    /** Takes one thing out. */
    public function take(string $name): string
    {
        if (!isset($this->things[$name])) {
            throw new EmptyException("nothing is left");
        }
        $this->things[$name] -= 1;
        return $name;
    }
}

interface Source
{
    public function take(string $name): string;
}

class EmptyException extends \\Exception {}
""",
    "src/Store.php": """<?php

namespace Shop;

use Shop\\Parts\\EmptyException;
use Shop\\Parts\\Stock;

/** Sells things. */
final class Store
{
    public function __construct(private Stock $stock) {}

    /** Sells one thing. */
    public function sell(string $name): ?string
    {
        try {
            return $this->stock->take($name);
        } catch (EmptyException $error) {
            return null;
        }
    }
}
""",
    "tests/StoreTest.php": (
        "<?php\n"
        "class StoreTest { function testSells() { (new Store(null))->sell('apple'); } }\n"
    ),
}


ALL: Final[Mapping[str, Mapping[str, str]]] = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "go": GO,
    "rust": RUST,
    "java": JAVA,
    "c": C,
    "c++": CPP,
    "c#": CSHARP,
    "kotlin": KOTLIN,
    "ruby": RUBY,
    "php": PHP,
    "mixed": MIXED,
    "texts": TEXTS,
    "one line": ONE_LINE,
}
TILL_TEST: Final = """\
class TillTest {
    @Test
    public void sells() {
        Till till = new Till();
        assertEquals(1, till.sell(1));
        till.sell(2);
    }
}
"""
"""A test in Java: of `Till.sell`."""
