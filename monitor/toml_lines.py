"""Where each key of a TOML text stands: the configuration's errors name a line, and tomllib keeps none.

It reads text that tomllib has already accepted, so it need not judge, only follow: tables, arrays of tables, dotted
keys, inline tables, and arrays and strings that run over several lines (TOML 1.0.0).
"""

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""A way into the document as tomllib returns it: keys, and positions in arrays counted from 0."""

_BLANK = re.compile(r"[ \t]*")
_VOID = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# The order matters: three quotes before one. A multi-line string may end in one or two quotes of its own. No possessive
# quantifiers: Python 3.11.2, which Debian 12 has, does not match with them what it should (cpython #100061).
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'''
    r"""|'''(?:[^']|'(?!''))*'{3,5}"""
    r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,\]}#\n]*")  # numbers, booleans and times: all that is neither text nor brackets


def lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, at which each key, table and array item of `text` first stands."""
    return _Walk(text).places()


class _Walk:
    """One way through one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted_to = 0
        self.line = 1
        self.found: dict[KeyPath, int] = {}
        self.last: dict[KeyPath, int] = {}  # the newest item of each array of tables

    def places(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._next():
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)
        return self.found

    def _next(self) -> bool:
        """Step over blanks, line ends and comments; True where something follows."""
        self._over(_VOID)
        return self.at < len(self.text)

    def _over(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not the TOML that tomllib accepted, at character {self.at}")
        self.at = match.end()
        return match.group()

    def _note(self, path: KeyPath) -> None:
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        self.found.setdefault(path, self.line)

    def _header(self, brackets: int) -> KeyPath:
        """The path of a [table] or of the new item of an [[array of tables]]."""
        start = self.at
        self.at += brackets
        parts = self._parts()
        end, self.at = self.at, start
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._newest((*path, part))
            self._note(path)
        path = (*path, parts[-1])
        self._note(path)
        if brackets == 1:
            path = self._newest(path)
        else:
            self.last[path] = self.last.get(path, -1) + 1
            path = (*path, self.last[path])
            self._note(path)
        self.at = end + brackets
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        return (*path, self.last[path]) if path in self.last else path

    def _parts(self) -> tuple[str, ...]:
        """A key, in its parts where it is dotted."""
        parts = []
        while True:
            self._over(_BLANK)
            parts.append(_plain(self._over(_KEY)))
            self._over(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        """One `key = value`."""
        start = self.at
        parts = self._parts()
        end, self.at = self.at, start
        for count in range(1, len(parts) + 1):
            self._note((*table, *parts[:count]))
        self.at = end + 1
        self._over(_BLANK)
        self._value((*table, *parts))

    def _value(self, path: KeyPath) -> None:
        sign = self.text[self.at]
        if sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline(path)
        else:
            self._over(_STRING if sign in "\"'" else _OTHER)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        count = 0
        while self._next() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, count))
            self._value((*path, count))
            count += 1
        self.at += 1

    def _inline(self, path: KeyPath) -> None:
        self.at += 1
        while self._next() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1


def _plain(key: str) -> str:
    """A key as tomllib returns it: quotes and escapes resolved, by tomllib itself."""
    if key[0] not in "\"'":
        return key
    plain: str = tomllib.loads(f"key = {key}")["key"]
    return plain
