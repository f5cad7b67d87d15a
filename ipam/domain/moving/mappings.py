"""Mapping files, in YAML: where what comes from another system goes."""

from collections.abc import Collection
from typing import Any, TextIO

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files.documents import ParseError, load_yaml
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI
from ipam.values import is_number


def read(file: TextIO, keys: Collection[str]) -> dict[str, Any]:
    """What a mapping says under these keys; nothing if it is empty. ParseError, or UnknownField for other keys."""
    found = load_yaml(file)
    raw = (found[0] if found else None) or {}
    if not isinstance(raw, dict):
        raise ParseError(f"A mapping has the keys {', '.join(sorted(keys))}.")
    errors.raise_all(
        [errors.UnknownField(f"“{shorten(key)}” is no key of a mapping.") for key in raw if key not in keys]
    )
    return raw


def vni(value: Any, of: str = "") -> int:
    """A VNI, which is text in a mapping, `of` something; ValueError for what is none."""
    if not (is_number(value) and LOWEST_VNI <= int(value) <= HIGHEST_VNI):
        raise ValueError(f"“{shorten(value)}”{of} is no VNI, {LOWEST_VNI} to {HIGHEST_VNI:,}.")
    return int(value)
