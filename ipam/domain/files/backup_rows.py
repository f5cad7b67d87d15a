"""A row of the backup document: written as it is, and read back only if it is written so."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Collate

from ipam import errors
from ipam.addressing import Address, Family, shorten
from ipam.domain.insight.series import BY_DAY
from ipam.domain.insight.trend import DAYS
from ipam.fields import CountField
from ipam.labels import parse_texts
from ipam.measures import parse_count, parse_hours
from ipam.models import (
    AddressHolder,
    AddressRange,
    AlertRule,
    Claim,
    Cluster,
    ClusterRange,
    FindingMark,
    IPAddress,
    Machine,
    MachineNetwork,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    Sample,
    SetAsideBlock,
    Webhook,
)
from ipam.tags import check as check_tags
from ipam.values import parse_choice, parse_cidr, parse_text

Row = dict[str, object]
Field: TypeAlias = "models.Field[Any, Any]"
_MAX_ERRORS = errors.MAX_TOLD - 1  # and that there may be more
_CHUNK = 2_000  # rows
_ORDER = {
    MachineNetwork: ["machine", "position"],
    IPAddress: ["address", "pk"],
    AddressHolder: ["address", "pk"],
    ClusterRange: ["cluster", "purpose", "family"],
    AddressRange: ["first", "pk"],
    SetAsideBlock: ["first", "namespace"],
    Sample: ["series", "at"],
    AlertRule.webhooks.through: ["alertrule", "webhook"],
    FindingMark: list(FindingMark.COLUMNS),
}
# Columns that follow from others of the row; a block is written as its CIDR.
_BLOCKS = (Prefix, ClusterRange, SetAsideBlock)
_BLOCK_COLUMNS = {"family", "first", "last", "length"}
_DERIVED = {
    Prefix: {*_BLOCK_COLUMNS, "sets_aside"},
    AddressRange: {"family"},
    SetAsideBlock: {*_BLOCK_COLUMNS, "id", "range"},
    ClusterRange: {*_BLOCK_COLUMNS, "id"},
    MachineNetwork: {"id"},
    IPAddress: {"family"},
    AddressHolder: {"id"},  # in the order of which they come
    Quota: {"used"},
    Sample: {"id"},
    # How it goes, and by whom it was made: users are no part of a document.
    Webhook: {
        *("feed_xid", "feed_id", "made_by", "enabled", "disabled_reason", "old_secret", "old_secret_until"),
        *("last_success_at", "last_failure_at", "failing_since", "is_failure_told"),
    },
    AlertRule.webhooks.through: {"id"},
    FindingMark: {"id"},
}
_RESTORED = "It was restored from a backup, and is told what whoever switches it on may see."
_TEXTS, _LABELS = ("types", "mails"), ("labels", "scope")
_FAMILY_IN: dict[type[models.Model], str] = {IPAddress: "address", AddressRange: "first"}
_WRITTEN: dict[type[models.Model], Q] = {SetAsideBlock: Q(until__isnull=False)}  # what ranges keep is derived
_CIDR = "cidr"
_OURS: Row = {"managed_by": ""}  # Twofold owns what documents from before mirrors hold
# Columns that documents of older versions may lack, with what they get.
WHOLE_SINCE = 5
LATER: dict[type[models.Model], Row] = {
    Network: {
        **{"child_choice": "best-fit", "cluster_ranges": "per-vrf", "quarantine": {}, "quarantine_strict": False},
        **_OURS,
    },
    Prefix: {"gateway": None, "reserve_ends": True},
    Claim: {"child": None, "labels": {}},
    IPAddress: {"cluster": None, "shared": "", "tags": [], **_OURS},
    **dict.fromkeys((Machine, Partition, Project), _OURS),
    ClusterRange: {"reserved_vrf": None, "is_strict": False},
    Cluster: {
        **{"ipam": "host-local", "max_surge": None, "gardener_project": "", "gardener_version": "", "is_seed": False},
        **{"seed": None, "api_allocation": None, "migration_step": "", "document": {}},
    },
}


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
    objects = model._default_manager.filter(_WRITTEN.get(model, Q()))
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
    if isinstance(value, UUID | Address | Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def read(
    model: type[models.Model], raw: object, place: str, broken: list[errors.IpamError], later: Row
) -> models.Model | None:
    """The row that an entry describes, or None: what is wrong with it goes to `broken`. Several when that is full.

    Columns of `later` may be missing.
    """
    fields = {field.name: field for field in _fields(model)}
    wanted = {*fields, _CIDR} if model in _BLOCKS else set(fields)
    if isinstance(raw, dict):
        raw = {**later, **raw}
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
    if isinstance(target, CountField):
        return _read_count(raw)
    value = target.to_python(parse_text(raw) if isinstance(raw, str) else raw)
    written = _plain(value)
    is_local = isinstance(value, datetime) and value.utcoffset() != timedelta(0)
    if type(written) is not type(raw) or written != raw or is_local:
        raise ValueError(f"“{shorten(raw)}” is not written as it should be.")
    if target.choices and not (target.blank and raw == ""):
        parse_choice(str(raw), [str(key) for key, _ in target.flatchoices])
    target.run_validators(value)
    return value


def _read_count(raw: object) -> int:
    if type(raw) is not int:
        raise ValueError(f"“{shorten(raw)}” is no whole number.")
    return parse_count(raw)


def _check_days(raw: object) -> None:
    if not isinstance(raw, list) or len(raw) > DAYS:
        raise ValueError(f"it is a list of at most {DAYS} counts.")
    for one in raw:
        _read_count(one)


def _check_tags(raw: object) -> None:
    if not isinstance(raw, list) or raw != check_tags(map(parse_text, raw)):
        raise ValueError("it is a list of tags, each once and in order.")


def _check_json(field: Field, raw: object) -> None:
    """Labels are an object of texts, as a scope is, and CIDRs are a list of them; values by day are counts."""
    if field.name in _LABELS:
        parse_texts(raw)
    elif field.name == "tags":
        _check_tags(raw)
    elif field.name == "quarantine":
        parse_hours(raw)
    elif field.name in BY_DAY:
        _check_days(raw)
    elif field.name == "document":
        if not isinstance(raw, dict):
            raise ValueError("it is an object.")
    elif not isinstance(raw, list):
        raise ValueError("it is a list.")
    elif field.name in _TEXTS:
        for text in raw:
            parse_text(text)
    else:
        for text in raw:
            parse_cidr(text)


def _derived(model: type[models.Model], raw: dict[str, object], values: Row) -> Row:
    if model is Webhook:
        return {"enabled": False, "disabled_reason": _RESTORED}
    if model not in _BLOCKS:
        column = _FAMILY_IN.get(model)
        return {"family": Family.of(values[column])} if column else {}
    cidr = parse_cidr(raw[_CIDR])
    first, last = Address(cidr.ip.value, cidr.version), Address(cidr.last, cidr.version)
    block: Row = {"family": Family.of(cidr), "first": first, "last": last, "length": cidr.prefixlen}
    return {name: value for name, value in block.items() if name != "last" or model is not SetAsideBlock}


def refuse(broken: list[errors.IpamError], sentence: str) -> None:
    """One fault more. Several when no more would be told."""
    broken.append(errors.Invalid(sentence))
    if len(broken) >= _MAX_ERRORS:
        raise errors.Several([*broken, errors.Invalid("There may be more; these come first.")])
