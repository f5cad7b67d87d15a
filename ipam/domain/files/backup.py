"""An installation as one JSON document, and back: every id, VRF, ASN, time and generation as it was.

What is derived is left out and derived again: free blocks and the number pools. Users, their roles and tokens are no
part of it, nor are the change history and its tenures: who holds what is held begins with the rows, perhaps before.
One row is one line, in an order that depends on nothing but the rows, so that two documents can be compared.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TextIO
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import IntegrityError, connection, models
from django.db.models.functions import Collate
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import OnProgress
from ipam.domain.core.operations import lasting_refusal, operation, snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.files.documents import JsonReader, ParseError
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import rules
from ipam.domain.space.number_pools import Pool
from ipam.labels import parse_texts
from ipam.models import (
    VRF,
    Claim,
    Cluster,
    ClusterRange,
    IPAddress,
    LocalSpace,
    Machine,
    MachineNetwork,
    Network,
    Partition,
    Prefix,
    Project,
    guards,
)
from ipam.models.base import labels_kept
from ipam.models.events import Verb
from ipam.values import parse_choice, parse_cidr, parse_text

VERSION = 2
SECTIONS: dict[str, type[models.Model]] = {
    "partitions": Partition,
    "projects": Project,
    "vrfs": VRF,
    "networks": Network,
    "prefixes": Prefix,
    "machines": Machine,
    "attachments": MachineNetwork,
    "addresses": IPAddress,
    "clusters": Cluster,
    "ranges": ClusterRange,
    "claims": Claim,
    "local_space": LocalSpace,
}
_ORDER = {
    Prefix: ["pk"],
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
_MAX_ERRORS = errors.MAX_TOLD - 1  # and that there may be more
_CHUNK = 2_000


def write() -> Iterator[str]:
    """The document, line by line, of one moment: others may go on working."""
    access.require(Permission.READ)
    with snapshot():
        yield f'{{"twofold": {VERSION}'
        for section, model in SECTIONS.items():
            yield f',\n"{section}": ['
            separator = "\n"
            for row in _rows(model):
                yield separator + json.dumps(row, ensure_ascii=False, sort_keys=True)
                separator = ",\n"
            yield "]"
        yield "}\n"


@operation
def restore(file: TextIO, advance: OnProgress = lambda rows: None) -> None:
    """Fill an empty installation from a document. All of it, or nothing.

    Everything is judged again: by the constraints of the database, by the rules for networks, and by the doctor, who
    must find nothing. AlreadyExists unless the installation is empty.
    """
    access.require(Permission.OPERATE)
    if any(model._default_manager.exists() for model in SECTIONS.values() if model is not LocalSpace):
        raise errors.AlreadyExists(
            "This installation is not empty. Set DATABASE_URL to a new database, migrate it, and restore there."
        )
    LocalSpace.objects.all().delete()  # what this installation has drawn for itself
    file.seek(0)  # a further try reads it again
    try:
        with guards.ids_in_any_case():
            _read(JsonReader(file), advance)
    except IntegrityError as error:
        if "FOREIGN KEY" in str(error).upper():
            raise errors.NotFound(f"A row refers to another that the document does not have: {error}") from None
        raise lasting_refusal(error) from error
    _violations_of_networks()
    rebuilding.build_all()
    for pool in Pool:
        rebuilding.rebuild_pool(pool)
    kept = {section: model._default_manager.count() for section, model in SECTIONS.items()}
    history.record_filled(
        Verb.IMPORT,
        count=sum(kept.values()),
        changes={section: [0, count] for section, count in kept.items() if count},
    )
    _validate_all()


def _rows(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    fields = _fields(model)
    for row in _in_order(model).iterator(chunk_size=_CHUNK):
        values = {field.name: _plain(getattr(row, field.attname)) for field in fields}
        if isinstance(row, _BLOCKS):
            values[_CIDR] = str(row.cidr)
        yield values


def _in_order(model: type[models.Model]) -> Any:
    """Text in the order of its bytes, whatever the language of the database."""
    objects = model._default_manager.all()
    order = _ORDER.get(model, ["pk"])
    key = model._meta.get_field("machine") if model is MachineNetwork else model._meta.pk
    if connection.vendor == "postgresql" and order[0] != "address" and _is_text(key):
        first = Collate("machine_id" if model is MachineNetwork else "pk", "C")
        return objects.order_by(first, *order[1:])
    return objects.order_by(*order)


def _is_text(field: object) -> bool:
    return isinstance(_target(field), models.CharField)


def _fields(model: type[models.Model]) -> list[Any]:
    derived = _DERIVED.get(model, set())
    return [field for field in model._meta.concrete_fields if field.name not in derived]


def _target(field: Any) -> Any:
    return field.target_field if field.is_relation else field


def _plain(value: object) -> Any:
    if isinstance(value, UUID | Address):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _read(reader: JsonReader, advance: OnProgress) -> None:
    broken: list[errors.IpamError] = []
    if not reader.take("{"):
        raise ParseError("This is no backup document. If it is a table, say with --kind what its rows are.")
    _expect_key(reader, "twofold")
    if (version := reader.value()) != VERSION:
        raise ParseError(f"This is a document of version {shorten(version)}; version {VERSION} can be restored.")
    for section, model in SECTIONS.items():
        reader.expect(",")
        _expect_key(reader, section)
        rows = (_instance(model, raw, f"{section}[{place}]", broken) for place, raw in enumerate(reader.elements()))
        for batch in bulk_insert.batches(rows):
            if broken:
                continue  # to hear of further faults
            with labels_kept():  # the longer ones of older data too
                bulk_insert.bulk_insert(model, batch, advance)
        errors.raise_all(broken)
    reader.expect("}")
    reader.end()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Prefix]):
                cursor.execute(statement)


def _expect_key(reader: JsonReader, key: str) -> None:
    if (found := reader.value()) != key:
        raise ParseError(f"This is no backup document: “{key}” is missing before “{shorten(found)}”.")
    reader.expect(":")


def _instance(
    model: type[models.Model], raw: object, place: str, broken: list[errors.IpamError]
) -> models.Model | None:
    """The row that an entry describes; what is wrong with it goes to `broken`, up to `_MAX_ERRORS` faults."""
    fields = {field.name: field for field in _fields(model)}
    wanted = {*fields, _CIDR} if model in _BLOCKS else set(fields)
    if not isinstance(raw, dict) or set(raw) != wanted:
        _refuse(broken, f"{place}: an entry has just the keys {', '.join(sorted(wanted))}.")
        return None
    values: dict[str, Any] = {}
    for name, field in fields.items():
        try:
            values[field.attname] = _value(field, raw[name])
        except (ValueError, TypeError, ValidationError) as error:
            why = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            _refuse(broken, f"{place}: {name}: {why}")
    try:
        return None if broken else model(**values, **_derived(model, raw, values))
    except ValueError as error:
        _refuse(broken, f"{place}: {error}")
        return None


def _refuse(broken: list[errors.IpamError], sentence: str) -> None:
    broken.append(errors.Invalid(sentence))
    if len(broken) >= _MAX_ERRORS:
        raise errors.Several([*broken, errors.Invalid("There may be more; these come first.")])


def _value(field: Any, raw: Any) -> Any:
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


def _check_json(field: Any, raw: Any) -> None:
    """Labels are an object of texts, and CIDRs are a list of them."""
    if field.name == "labels":
        parse_texts(raw)
    elif not isinstance(raw, list):
        raise ValueError("it is a list of CIDRs.")
    else:
        for text in raw:
            parse_cidr(text)


def _derived(model: type[models.Model], raw: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    if model is IPAddress:
        return {"family": values["address"].version}
    if model not in _BLOCKS:
        return {}
    cidr: IPNetwork = parse_cidr(raw[_CIDR])
    first, last = Address(cidr.ip.value, cidr.version), Address(cidr.last, cidr.version)
    return {"family": Family.of(cidr), "first": first, "last": last, "length": cidr.prefixlen}


def _violations_of_networks() -> None:
    """What a network must look like (rules 4, 5, 6 and 9), for all of them."""
    broken: list[errors.IpamError] = []
    for network in Network.objects.prefetch_related("prefixes").iterator(chunk_size=_CHUNK):
        cidrs = [prefix.cidr for prefix in network.prefixes.all()]
        broken += [type(error)(f"{network.pk}: {error.detail}") for error in rules.violations(network, cidrs)]
    errors.raise_all(broken)


def _validate_all() -> None:
    """The doctor must find nothing."""
    broken: list[errors.IpamError] = []
    for finding in doctor.examine():
        _refuse(broken, finding.sentence)
    errors.raise_all(broken)
