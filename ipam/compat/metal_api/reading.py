"""Values in bodies of metal-api: each turns what a client sent into one of ours, or says in an error what to send."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors, values
from ipam.addressing import Family, shorten
from ipam.compat.metal_api.requests import Body, Refused
from ipam.domain.core import lookups
from ipam.filter_fields import MAX_VALUES
from ipam.labels import parse_labels
from ipam.models import Project
from ipam.models.base import DESCRIPTION_LENGTH, NAME_LENGTH
from ipam.tags import check as check_tags

V = TypeVar("V")
_FAMILIES = {family.label.lower(): family for family in Family}
_MAX_LISTED = 10_000  # entries of a list


def take(body: Mapping[str, Any], name: str, read: Callable[[Any], V], default: V) -> V:
    """A value of a body or a query; `default` where it is absent."""
    if name not in body:
        return default
    try:
        return read(body[name])
    except ValueError as error:
        raise errors.Invalid(f"{name}: {error}", field=name) from None


def text(body: Body, name: str) -> str:
    """A text, of a length that can be kept; an empty one is as good as none."""
    found = take(body, name, values.parse_text, "")
    if len(found) > (longest := DESCRIPTION_LENGTH if name == "description" else NAME_LENGTH):
        raise errors.Invalid(f"{name}: {len(found):,} characters; at most {longest:,} fit.", field=name)
    return found


def asked(body: Body, *names: str) -> Iterator[tuple[str, str]]:
    """Those of these texts that a find asks for; an empty one too."""
    yield from ((name, text(body, name)) for name in names if name in body)


def needed(body: Body, name: str) -> str:
    """A text that must be there."""
    if not (found := text(body, name)):
        raise errors.Required(f"“{name}” is missing. Add it.", field=name)
    return found


def texts(body: Body, *names: str) -> dict[str, str]:
    """Those of these texts that are there, empty ones too."""
    return {name: text(body, name) for name in names if name in body}


def flag(body: Body, name: str) -> bool:
    """True or false; false where it is absent."""
    return take(body, name, _flag, False)


def labels(body: Body, name: str = "labels") -> dict[str, str]:
    """Labels within their bounds; none where they are absent."""
    return take(body, name, parse_labels, {})


def cidrs(body: Body, name: str) -> list[IPNetwork]:
    """A list of CIDRs; none where it is absent."""
    return take(body, name, list_of(values.parse_cidr), [])


def tags(body: Body, name: str = "tags") -> list[str]:
    """Distinct tags in order, within their bounds; none where they are absent."""
    return take(body, name, lambda found: check_tags(list_of(values.parse_text)(found)), [])


def number(body: Body, name: str) -> int | None:
    """A whole number, or None."""
    return take(body, name, _number, None)


def family(body: Body) -> Family | None:
    """An address family, in any case; an empty text is none."""
    return take(body, "addressfamily", _family, None)


def lengths(body: Body, name: str) -> dict[Family, int]:
    """A prefix length for each family, by its name in any case."""
    return take(body, name, _lengths, {})


def address(found: str) -> Address:
    """An address of a path or body; one of IPv6 may be quoted."""
    try:
        return values.parse_address(found.strip('"'))
    except ValueError as error:
        raise errors.Invalid(str(error), field="ipaddress") from None


def project(body: Body) -> Project:
    """The project that a body names; NotFound for none that there is."""
    return lookups.get(Project, needed(body, "projectid"), field="projectid")


def uuid(found: str) -> UUID | None:
    """A UUID as it is shown; None for any other text, so that nothing is found by it."""
    try:
        key = values.parse_uuid(found)
    except ValueError:
        return None
    return key if str(key) == found else None


def list_of(read: Callable[[Any], V]) -> Callable[[object], list[V]]:
    """A list, of which `read` reads each entry."""

    def read_all(found: object) -> list[V]:
        if not isinstance(found, list):
            raise ValueError(f"“{shorten(found)}” is no list.")
        if len(found) > _MAX_LISTED:
            raise ValueError(f"{len(found):,} entries; at most {_MAX_LISTED:,} fit.")
        return [read(one) for one in found]

    return read_all


def few(name: str, found: list[V]) -> list[V]:
    """Values that a find asks for, each of which costs a look at an index; as few as our own API takes."""
    if len(found) > MAX_VALUES:
        raise errors.Invalid(f"{name}: {len(found):,} values; at most {MAX_VALUES} fit in a find.", field=name)
    return found


def check_flags(said: str, flags: Mapping[str, bool], fitting: Mapping[str, Sequence[str]]) -> None:
    """Refuse a flag that is true and contradicts the type that is named beside it."""
    for name, is_set in flags.items():
        if is_set and said and said not in fitting[name]:
            raise Refused(f"“{name}” contradicts the type {said}. Leave one of them out.")


def _flag(found: object) -> bool:
    if not isinstance(found, bool):
        raise ValueError(f"“{shorten(found)}” is neither true nor false.")
    return found


def _number(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise ValueError(f"“{shorten(found)}” is not a whole number.")
    return found


def _family(found: object) -> Family | None:
    if found == "":
        return None
    if not isinstance(found, str) or found.lower() not in _FAMILIES:
        raise ValueError(f"“{shorten(found)}” is no address family; use IPv4 or IPv6.")
    return _FAMILIES[found.lower()]


def _lengths(found: object) -> dict[Family, int]:
    if isinstance(found, Mapping):
        found = {str(key).lower(): one for key, one in found.items()}
    return values.parse_lengths(found, _number, _FAMILIES)
