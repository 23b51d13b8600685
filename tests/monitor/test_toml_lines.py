"""Line numbers of TOML keys: tomllib must agree on the keys, and the lines are those where they were written."""

import string
import tomllib
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.toml_lines import KeyPath, lines

DOCUMENT = '''\
title = "one" # a comment with = and [brackets]

[a]
b.c = 1
"quoted.key" = """
  first = "not a key"
  [not a table]""\\""""
d = { e = 2, f = [1, { g = 3 }] }

[[list]]
name = 'x = 1 # no comment'
many = [
  "one", # first

  { two = 2 },
  [
    3,
  ],
]

[[list]]
when = 1979-05-27 07:32:00
[list.below."deep"]
text = \'\'\'
it''s
\'\'\'
last = true

[implied.by.header]
'''


def test_every_key_stands_where_it_was_written() -> None:
    assert lines(DOCUMENT) == {
        ("title",): 1,
        ("a",): 3,
        ("a", "b"): 4,
        ("a", "b", "c"): 4,
        ("a", "quoted.key"): 5,
        ("a", "d"): 8,
        ("a", "d", "e"): 8,
        ("a", "d", "f"): 8,
        ("a", "d", "f", 0): 8,
        ("a", "d", "f", 1): 8,
        ("a", "d", "f", 1, "g"): 8,
        ("list",): 10,
        ("list", 0): 10,
        ("list", 0, "name"): 11,
        ("list", 0, "many"): 12,
        ("list", 0, "many", 0): 13,
        ("list", 0, "many", 1): 15,
        ("list", 0, "many", 1, "two"): 15,
        ("list", 0, "many", 2): 16,
        ("list", 0, "many", 2, 0): 17,
        ("list", 1): 21,
        ("list", 1, "when"): 22,
        ("list", 1, "below"): 23,
        ("list", 1, "below", "deep"): 23,
        ("list", 1, "below", "deep", "text"): 24,
        ("list", 1, "below", "deep", "last"): 27,
        ("implied",): 29,
        ("implied", "by"): 29,
        ("implied", "by", "header"): 29,
    }


def test_windows_line_ends_count_once() -> None:
    assert lines("a = 1\r\n\r\nb = [\r\n  2,\r\n]\r\n") == {("a",): 1, ("b",): 3, ("b", 0): 4}


def test_table_of_an_inline_array_is_not_taken_for_an_array_of_tables() -> None:
    assert lines("[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\n[[a]]\n[[a.b]]\nc = 2\n") == {
        ("a",): 1,
        ("a", 0): 1,
        ("a", 0, "b"): 2,
        ("a", 0, "b", 0): 2,
        ("a", 0, "b", 0, "c"): 3,
        ("a", 0, "b", 1): 4,
        ("a", 1): 5,
        ("a", 1, "b"): 6,
        ("a", 1, "b", 0): 6,
        ("a", 1, "b", 0, "c"): 7,
    }


@pytest.mark.parametrize("text", ["", "# only a comment", "\n\n", "a = 1"])
def test_document_may_end_anywhere(text: str) -> None:
    assert lines(text).keys() == {path for path, _ in _leaves(tomllib.loads(text))}


@dataclass
class Writer:
    """Writes a document and remembers on which line it wrote each key."""

    draw: st.DrawFn
    text: str = ""
    where: dict[KeyPath, int] = field(default_factory=dict)

    def write(self, text: str) -> None:
        self.text += text

    def blank(self) -> None:
        self.write(self.draw(st.sampled_from(["", " ", "\t ", "  "])))

    def gap(self) -> None:
        self.write(self.draw(st.sampled_from(["", " ", "\n", " # = [x]\n", "\r\n  ", "\n\n#\n"])))

    def note(self, path: KeyPath) -> None:
        self.where.setdefault(path, self.text.count("\n") + 1)

    def key(self, name: str) -> None:
        bare = name.isascii() and name.replace("_", "x").replace("-", "x").isalnum()
        escaped = "".join(f"\\U{ord(sign):08x}" for sign in name)
        forms = [f'"{escaped}"']
        if bare:
            forms.append(name)
        if "'" not in name and name.isprintable():
            forms.append(f"'{name}'")
        self.write(self.draw(st.sampled_from(forms)))

    def dotted(self, path: KeyPath, names: tuple[str, ...]) -> None:
        for count, name in enumerate(names, start=1):
            if count > 1:
                self.blank()
                self.write(".")
                self.blank()
            self.note((*path, *names[:count]))
            self.key(name)

    def value(self, path: KeyPath, depth: int) -> None:
        kind = self.draw(st.sampled_from(["plain", "plain", "array", "inline"] if depth else ["plain"]))
        if kind == "plain":
            self.write(self.draw(PLAIN))
        elif kind == "array":
            self.write("[")
            for at in range(self.draw(st.integers(0, 3))):
                self.gap()
                self.note((*path, at))
                self.value((*path, at), depth - 1)
                self.gap()
                self.write(",")
            self.gap()
            self.write("]")
        else:
            self.write("{")
            for count, name in enumerate(self.draw(NAMES)):
                self.write(", " if count else " ")
                self.pair(path, (name,), depth - 1)
            self.write(" }")

    def pair(self, path: KeyPath, names: tuple[str, ...], depth: int) -> None:
        self.dotted(path, names)
        self.blank()
        self.write("=")
        self.blank()
        self.value((*path, *names), depth)

    def body(self, path: KeyPath) -> None:
        for name in self.draw(NAMES):
            self.gap_between()
            below = self.draw(st.sampled_from([(), ("x",), ("x", "y.z")]))
            self.pair(path, (name, *below), 2)
            self.blank()
            self.write(self.draw(st.sampled_from(["\n", " # end\n", "\r\n"])))

    def gap_between(self) -> None:
        self.write(self.draw(st.sampled_from(["", "\n", "# [no] = table\n", "\r\n"])))
        self.blank()


NAMES = st.lists(
    st.text(alphabet=string.ascii_letters + "_-.'\"核 \t", min_size=1, max_size=4), max_size=3, unique=True
)
PLAIN = st.sampled_from(
    [
        "1",
        "-1_000",
        "0xdead",
        "1.5e3",
        "inf",
        "true",
        "1979-05-27",
        "1979-05-27 07:32:00",
        "07:32:00.5",
        "1979-05-27T00:32:00-07:00",
        '""',
        "''",
        '"a # \\" ] } , = \\\\"',
        "'a \" ] \\'",
        '"""\n[x]\ny = """',
        '"""""two quotes at both ends"""""',
        '"""\\"" """',
        '"""a \\\n   b"""',
        "'''\n''\n'''",
        "'''''two'''''",
        '"核心"',
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML document, and the line of each of its keys."""
    writer = Writer(draw)
    writer.body(())
    for number in range(draw(st.integers(0, 3))):
        name = f"table {number}" if draw(st.booleans()) else f"t{number}"
        for at in range(draw(st.integers(0, 2))):
            writer.gap_between()
            writer.write("[[")
            writer.dotted((), (name,))
            writer.note((name, at))
            writer.write("]]\n")
            writer.body((name, at))
            if draw(st.booleans()):
                writer.gap_between()
                writer.write("[")
                writer.dotted((), (name,))
                writer.write(" . ")
                writer.note((name, at, "sub table"))
                writer.key("sub table")
                writer.write(" ] # [[x]]\n")
                writer.body((name, at, "sub table"))
    return writer.text, writer.where


@given(documents())
def test_generated_documents_agree_with_tomllib_and_with_the_writer(drawn: tuple[str, dict[KeyPath, int]]) -> None:
    text, where = drawn
    found = lines(text)
    assert found.keys() == {path for path, _ in _leaves(tomllib.loads(text))}
    assert found == where


def _leaves(data: Any, path: KeyPath = ()) -> list[tuple[KeyPath, Any]]:
    """Every way into what tomllib returned."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in items for found in [((*path, key), value), *_leaves(value, (*path, key))]]
