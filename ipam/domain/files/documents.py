"""Text from outside becomes plain values: of limited size, without code, and nothing read further than needed."""

import codecs
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, BinaryIO, TextIO

import yaml

from ipam import errors
from ipam.addressing import shorten

MAX_YAML = 50_000_000  # characters; it is held in memory as a whole
LONGEST_ROW = 1_000_000  # characters of one entry of a list
_CHUNK = 65_536
_SPACE = re.compile(r"[ \t\n\r]*")
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
_NULL, *_OTHERS = (f"tag:yaml.org,2002:{name}" for name in ("null", "str", "seq", "map"))


class ParseError(errors.Invalid):
    """The text is not what it should be; there is nothing to judge in it."""


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Takes every plain scalar as the text that was written, but null: YAML 1.1 makes 83 of 0123, 45045 of 12:30:45.

    Whoever reads a value knows whether it is a number. A key that stands there twice is refused, not overwritten, and
    so is any other tag: YAML's own types take quadratic time (!!float 1:1:1…), or break (!!timestamp x).
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
        for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {tag: _SafeLoader.yaml_constructors[tag] for tag in (_NULL, *_OTHERS, None)}

    def flatten_mapping(self, node: Any) -> None:
        """Nothing is merged: the tag of a merge is as unknown as any other."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(found) < len(node.value):
            raise yaml.constructor.ConstructorError(problem="a key stands there twice", problem_mark=node.start_mark)
        return found


def load_yaml(file: TextIO) -> list[Any]:
    """Every document of a YAML stream, in dicts, lists, text and None: numbers and dates are the text that was written.

    Aliases are refused: a few lines of them stand for gigabytes.
    """
    text = read_all(file, MAX_YAML)
    try:
        if "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            raise ParseError("This YAML uses aliases (*name). Write the values out.")
        return list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = " ".join(str(error).split())
        raise ParseError(f"This is not YAML: {shorten(where, 200)}.") from None


@contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """A file of UTF-8 text, `-` being standard input; whatever makes it unreadable is told with its name."""
    try:
        with nullcontext(sys.stdin) if path == "-" else open(path, encoding="utf-8-sig") as file:
            yield file
    except OSError as error:
        raise ParseError(f"{path} cannot be read: {error.strerror}.") from None
    except ParseError as error:
        raise ParseError(f"{path} cannot be read: {error.detail}") from None


def as_text(file: BinaryIO, newline: str | None = None) -> io.TextIOWrapper:
    """A binary file as UTF-8 text, with or without byte order mark; it stays open when the text goes."""
    return io.TextIOWrapper(_Unclosed(file), encoding="utf-8-sig", newline=newline)


class _Unclosed(io.BufferedReader):
    """Lets the wrapper go without closing the file beneath."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)  # type: ignore[arg-type]

    def close(self) -> None:
        pass


def read_all(file: TextIO, most: int) -> str:
    """The whole text, if it has at most `most` characters; a longer one is not read to its end."""
    text = read(file, most + 1)
    if len(text) > most:
        raise ParseError(f"The file has more than {most:,} characters. Split it, or use CSV, which is read in parts.")
    return text


def read(file: TextIO, most: int) -> str:
    """Up to `most` characters; a wrong encoding is told with its place."""
    try:
        return file.read(most)
    except UnicodeDecodeError as error:
        raise encoding_error(error) from None


def encoding_error(error: UnicodeDecodeError, where: str = "This") -> ParseError:
    """What to do about a file that is not UTF-8."""
    wrong = error.object[error.start]
    return ParseError(
        f"{where} is not UTF-8: the byte 0x{wrong:02x} ({error.reason}). Save the file as UTF-8, then send it again."
    )


def line_of_another_encoding(file: BinaryIO) -> int:
    """The first line that is not UTF-8: text is decoded in pieces, so whoever reads it is behind."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    file.seek(0)
    while piece := file.read(_CHUNK):
        try:
            line += decoder.decode(piece).count("\n")
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
    return line


class JsonReader:
    """Reads JSON piece by piece, so that a list of any length takes the memory of one entry."""

    def __init__(self, file: TextIO, *, longest: int = LONGEST_ROW) -> None:
        self._file = file
        self._longest = longest
        self._text = ""
        self._place = 0  # how far the text has been read
        self._at_end = False
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)

    def expect(self, token: str) -> None:
        """Read just this character."""
        if not self.take(token):
            raise ParseError(f"This is not the JSON that was expected: {token} is missing before “{self._near()}”.")

    def take(self, token: str) -> bool:
        """Whether the next character is this one, which is read then."""
        self._skip_space()
        found = self._text.startswith(token, self._place)
        self._place += found
        return found

    def value(self) -> Any:
        """Read one value, of at most `longest` characters."""
        self._skip_space()
        while True:
            try:
                value, self._place = self._decoder.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._place > self._longest:
                    raise ParseError(f"An entry has more than {self._longest:,} characters, or is no JSON.") from None
                if not self._more():
                    raise ParseError(f"This is not JSON: {error}, before “{self._near()}”.") from None
                continue
            return value

    def elements(self) -> Iterator[Any]:
        """Read a list, one entry at a time."""
        self.expect("[")
        if self.take("]"):
            return
        yield self.value()
        while self.take(","):
            yield self.value()
        self.expect("]")

    def end(self) -> None:
        """Nothing but space may follow."""
        self._skip_space()
        if self._place < len(self._text):
            raise ParseError(f"Something follows after the end of the JSON: “{self._near()}”.")

    def _skip_space(self) -> None:
        while True:
            space = _SPACE.match(self._text, self._place)
            self._place = space.end() if space else self._place
            if self._place < len(self._text) or not self._more():
                return

    def _more(self) -> bool:
        if not self._at_end:
            pending = len(self._text) - self._place  # as much again, or a long entry would be decoded once per chunk
            chunk = read(self._file, max(_CHUNK, pending))
            self._text, self._place = self._text[self._place :] + chunk, 0
            self._at_end = not chunk
        return not self._at_end

    def _near(self) -> str:
        return shorten(self._text[self._place :], 20)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless one of its keys would overwrite another."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
