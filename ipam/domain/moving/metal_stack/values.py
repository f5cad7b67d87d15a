"""Values in documents of metal-stack: taken from an entry one by one, every fault kept with the entry's place."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from yaml.constructor import SafeConstructor

from ipam import errors, values
from ipam.addressing import Family, shorten
from ipam.tags import check, cut

V = TypeVar("V")
Labels = dict[str, str]


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
        return self.take(key, values.parse_text, "")

    def labels(self, tags: Iterable[str]) -> Labels:
        """Tags of what has labels alone, which have one value each: the first one."""
        labels: Labels = {}
        for key, value in map(cut, tags):
            if labels.setdefault(key, value) != value and key not in self.repeated:
                self.repeated.append(key)
        return labels

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
def flag(value: object) -> bool:
    """True or false, in the words that YAML 1.1 has for them."""
    return values.parse_flag(value, SafeConstructor.bool_values)


def project(id: str) -> UUID | str | None:
    """The id of a project, or None; one that is no UUID in its usual form is the id of nothing."""
    try:
        return values.parse_uuid(id)
    except ValueError:
        return id or None


def allocation(value: object) -> UUID | None:
    """The id of an allocation; older addresses have an empty one."""
    return None if value == "" else values.parse_uuid(value)


def one_of(words: Sequence[str]) -> Callable[[object], str]:
    """One of these words."""
    return lambda value: values.parse_choice(value, words)


def part(value: object) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise ValueError(f"“{shorten(value)}” is no object.")
    return value


def list_of(read: Callable[[Any], V]) -> Callable[[object], list[V]]:
    """A list, of which `read` reads each element."""

    def read_all(found: object) -> list[V]:
        if not isinstance(found, list):
            raise ValueError(f"“{shorten(found)}” is no list.")
        return [read(one) for one in found]

    return read_all


def tags(value: object) -> list[str]:
    """Distinct tags in order, within their bounds."""
    return check(list_of(values.parse_text)(value))


def lengths(families: Collection[Family]) -> Callable[[object], dict[Family, int]]:
    """A prefix length for each family; older versions wrote just one, of networks of one family."""
    by_label = {family.label: family for family in Family}

    def read(value: object) -> dict[Family, int]:
        if isinstance(value, str) and len(families) == 1:
            return dict.fromkeys(families, values.parse_number(value))
        return values.parse_lengths(value, values.parse_number, by_label)

    return read
