"""Values in documents of metal-stack: taken from an entry one by one, every fault kept with the entry's place."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork
from yaml.constructor import SafeConstructor

from ipam import errors
from ipam.addressing import Family, parse_address, parse_cidr, shorten

V = TypeVar("V")
Labels = dict[str, str]
_FLAGS = SafeConstructor.bool_values
_MOST_DIGITS = 20  # of a number; Python refuses to read thousands of them, in words of its own


class Reader:
    """Takes the values of one entry, keeps what is wrong with them, and knows which keys nobody asked for."""

    def __init__(self, raw: Mapping[Any, Any], place: str = "") -> None:
        self.place = place
        self.broken: list[errors.IpamError] = []
        self.repeated: list[str] = []  # tags of which only the first value could be kept
        self._raw = raw
        self._known: set[str] = set()

    def take(self, key: str, convert: Callable[[Any], V], default: V) -> V:
        """The value of a key; the default if it is missing or cannot be converted."""
        self._known.add(key)
        value = self._raw.get(key)
        if value is None:
            return default
        try:
            return convert(value)
        except ValueError as error:
            self.refuse(errors.Invalid, f"{key}: {error}")
            return default

    def text(self, key: str) -> str:
        return self.take(key, text, "")

    def labels(self, tags: Mapping[str, Sequence[str]]) -> Labels:
        """Tags as labels, which have one value each: the first one."""
        self.repeated += [key for key, found in tags.items() if len(found) > 1]
        return {key: found[0] for key, found in tags.items()}

    def needed(self, key: str) -> str:
        """Text that must not be missing."""
        value = self.text(key)
        if not value and self._raw.get(key) in (None, ""):
            self.refuse(errors.Required, f"“{key}” is missing.")
        return value

    def refuse(self, kind: type[errors.IpamError], detail: str) -> None:
        self.broken.append(kind(detail))

    def unknown_keys(self) -> list[str]:
        """Keys with a value that nobody asked for."""
        empty: tuple[Any, ...] = (None, "", "0", "false", [], {})
        return [str(key) for key, value in self._raw.items() if key not in self._known and value not in empty]

    def refuse_unknown_keys(self) -> None:
        for key in [key for key in self._raw if key not in self._known]:
            self.refuse(errors.UnknownField, f"“{shorten(key)}” is no known key. Correct it, or take it out.")


# Each of these turns a value of YAML, as it was written, into one of ours, or says in a ValueError what it should be.
def text(value: Any) -> str:
    """Text, also one that looks like a number."""
    if not isinstance(value, str):
        raise ValueError(f"“{shorten(value)}” is no text.")
    return value


def flag(value: Any) -> bool:
    """True or false, in the words that YAML 1.1 has for them."""
    found = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"“{shorten(value)}” is neither true nor false.")
    return found


def number(value: Any) -> int:
    """A whole number of decimal digits."""
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise ValueError(f"“{shorten(value)}” is no number.")
    return int(value)


def uuid(value: Any) -> UUID:
    """A UUID."""
    try:
        return UUID(text(value))
    except ValueError:
        raise ValueError(f"“{shorten(value)}” is no UUID.") from None


def project(id: str) -> UUID | str | None:
    """The id of a project, or None; one that is no UUID in its usual form is the id of nothing."""
    try:
        found = UUID(id)
    except ValueError:
        return id or None
    return found if str(found) == id.lower() else id


def allocation(value: Any) -> UUID | None:
    """The id of an allocation; older addresses have an empty one."""
    return None if value == "" else uuid(value)


def one_of(words: Sequence[str]) -> Callable[[Any], str]:
    """One of these words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"“{shorten(value)}” is none of {', '.join(words)}.")
        return str(value)

    return read


def part(value: Any) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise ValueError(f"“{shorten(value)}” is no object.")
    return value


def parts(value: Any) -> list[dict[str, Any]]:
    """A list of objects."""
    if not isinstance(value, list):
        raise ValueError(f"“{shorten(value)}” is no list.")
    return [part(one) for one in value]


def address(value: Any) -> Address:
    """An address."""
    return parse_address(text(value))


def addresses(value: Any) -> list[Address]:
    """A list of addresses."""
    return [address(one) for one in texts(value)]


def texts(value: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list):
        raise ValueError(f"“{shorten(value)}” is no list.")
    return [text(element) for element in value]


def cidrs(value: Any) -> list[IPNetwork]:
    """A list of CIDRs."""
    return [parse_cidr(text) for text in texts(value)]


def labels(value: Any) -> Labels:
    """An object of texts."""
    if not isinstance(value, dict):
        raise ValueError(f"“{shorten(value)}” is no object of texts.")
    return {text(key): text(one) for key, one in value.items()}


def tags(value: Any) -> dict[str, list[str]]:
    """Tags are written `key=value`, or `key` alone; one may stand there with several values."""
    found: dict[str, list[str]] = {}
    for tag in dict.fromkeys(texts(value)):
        key, _, one = tag.partition("=")
        found.setdefault(key, []).append(one)
    return found


def lengths(families: Collection[Family]) -> Callable[[Any], dict[Family, int]]:
    """A prefix length for each family; older versions wrote just one, of networks of one family."""
    by_label = {family.label: family for family in Family}

    def read(value: Any) -> dict[Family, int]:
        if isinstance(value, str) and len(families) == 1:
            return dict.fromkeys(families, number(value))
        if not isinstance(value, dict) or not value.keys() <= by_label.keys():
            raise ValueError(f"“{shorten(value)}” has to have the keys IPv4 and IPv6, each with a prefix length.")
        return {by_label[label]: number(length) for label, length in value.items()}

    return read
