"""A row of the backup document: written as it is, and read back only if it is written so."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.functions import Collate

from ipam import errors
from ipam.addressing import Address, Family, shorten
from ipam.labels import parse_texts
from ipam.models import ClusterRange, IPAddress, MachineNetwork, Prefix
from ipam.values import parse_choice, parse_cidr, parse_text

Row = dict[str, object]
Field: TypeAlias = "models.Field[Any, Any]"
_MAX_ERRORS = errors.MAX_TOLD - 1  # and that there may be more
_CHUNK = 2_000  # rows
_ORDER = {
    MachineNetwork: ["machine", "position"],
    IPAddress: ["address", "pk"],
    ClusterRange: ["cluster", "purpose", "family"],
}
# Columns that follow from others of the row; a block is written as its CIDR.
_BLOCKS = (Prefix, ClusterRange)
_BLOCK_COLUMNS = {"family", "first", "last", "length"}
_DERIVED = {
    Prefix: _BLOCK_COLUMNS,
    ClusterRange: {*_BLOCK_COLUMNS, "id"},
    MachineNetwork: {"id"},
    IPAddress: {"family"},
}
_CIDR = "cidr"


def written(model: type[models.Model]) -> Iterator[Row]:
    """All rows of a model as the document has them, by the names of their columns, in the order of their keys."""
    fields = _fields(model)
    for row in _in_order(model).iterator(chunk_size=_CHUNK):
        values: Row = {field.name: _plain(getattr(row, field.attname)) for field in fields}
        if isinstance(row, _BLOCKS):
            values[_CIDR] = str(row.cidr)
        yield values


def _in_order(model: type[models.Model]) -> models.QuerySet[models.Model]:
    """Text in the order of its bytes, whatever the language of the database."""
    objects = model._default_manager.all()
    order = _ORDER.get(model, [model._meta.pk.name])
    first = next(field for field in model._meta.concrete_fields if field.name == order[0])
    if connection.vendor == "postgresql" and isinstance(_target(first), models.CharField):
        return objects.order_by(Collate(first.attname, "C"), *order[1:])
    return objects.order_by(*order)


def _fields(model: type[models.Model]) -> list[Field]:
    derived = _DERIVED.get(model, set())
    return [field for field in model._meta.concrete_fields if field.name not in derived]


def _target(field: Field) -> Field:
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _plain(value: object) -> object:
    if isinstance(value, UUID | Address):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def read(model: type[models.Model], raw: object, place: str, broken: list[errors.IpamError]) -> models.Model | None:
    """The row that an entry describes, or None: what is wrong with it goes to `broken`. Several when that is full."""
    fields = {field.name: field for field in _fields(model)}
    wanted = {*fields, _CIDR} if model in _BLOCKS else set(fields)
    if not isinstance(raw, dict) or set(raw) != wanted:
        refuse(broken, f"{place}: an entry has just the keys {', '.join(sorted(wanted))}.")
        return None
    values: Row = {}
    for name, field in fields.items():
        try:
            values[field.attname] = _value(field, raw[name])
        except (ValueError, TypeError, ValidationError) as error:
            why = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            refuse(broken, f"{place}: {name}: {why}")
    try:
        return None if broken else model(**values, **_derived(model, raw, values))
    except ValueError as error:
        refuse(broken, f"{place}: {error}")
        return None


def _value(field: Field, raw: object) -> object:
    """The value that was written so. ValueError or ValidationError for what would be written otherwise."""
    target = _target(field)
    if raw is None:
        if not field.null:
            raise ValueError("it must not be null.")
        return None
    if isinstance(target, models.JSONField):
        _check_json(target, raw)
        return raw
    value = target.to_python(parse_text(raw) if isinstance(raw, str) else raw)
    written = _plain(value)
    is_local = isinstance(value, datetime) and value.utcoffset() != timedelta(0)
    if type(written) is not type(raw) or written != raw or is_local:
        raise ValueError(f"“{shorten(raw)}” is not written as it should be.")
    if target.choices:
        parse_choice(raw, dict(target.flatchoices))
    if not field.is_relation or isinstance(value, int):  # whatever else refers to nothing is found afterwards
        target.run_validators(value)
    return value


def _check_json(field: Field, raw: object) -> None:
    """Labels are an object of texts, and CIDRs are a list of them."""
    if field.name == "labels":
        parse_texts(raw)
    elif not isinstance(raw, list):
        raise ValueError("it is a list of CIDRs.")
    else:
        for text in raw:
            parse_cidr(text)


def _derived(model: type[models.Model], raw: dict[str, object], values: Row) -> Row:
    if model not in _BLOCKS:
        return {"family": Family.of(values["address"])} if model is IPAddress else {}
    cidr = parse_cidr(raw[_CIDR])
    first, last = Address(cidr.ip.value, cidr.version), Address(cidr.last, cidr.version)
    return {"family": Family.of(cidr), "first": first, "last": last, "length": cidr.prefixlen}


def refuse(broken: list[errors.IpamError], sentence: str) -> None:
    """One fault more. Several when no more would be told."""
    broken.append(errors.Invalid(sentence))
    if len(broken) >= _MAX_ERRORS:
        raise errors.Several([*broken, errors.Invalid("There may be more; these come first.")])
