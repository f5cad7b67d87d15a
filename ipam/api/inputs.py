"""The shape of requests. Which combinations are right is for the domain to say."""

from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from typing import Any, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import BindingDict

from ipam.addressing import shorten
from ipam.api import fields, measures
from ipam.api.prefix_fields import NewPrefixes
from ipam.domain.networks.address_holders import MAX_MACHINES
from ipam.domain.networks.address_rules import MAX_PER_REQUEST
from ipam.domain.networks.completion import MAX_PER_BATCH
from ipam.domain.networks.networks import MAX_CHILDREN
from ipam.models import IPAddress, Machine
from ipam.models.base import DESCRIPTION_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.networks import NatType, NetworkType, Stack
from ipam.models.roles import PROJECT_ROLES
from ipam.models.super_networks import ChildChoice, ClusterRanges
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI

MAX_ATTACHMENTS = 100
_MAX_KEYS = 100  # of an object, known or not


class Input(serializers.Serializer[Any]):
    """An object whose fields are all known; what is wrong with any of them is reported together."""

    @cached_property
    def fields(self) -> BindingDict:
        """Made once for each shape: they keep nothing of a request, and copying them takes longer than all they do."""
        return _fields(type(self))

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        readers = _readers_of(type(self))
        self._bound(data, readers.keys())
        value: dict[str, Any] = {}
        problems: dict[str, Any] = {}
        for name in data:
            if name not in readers:
                fault = f"There is no field “{shorten(name)}” here. Known: {', '.join(sorted(readers))}."
                problems[shorten(name)] = [ErrorDetail(fault, "unknown_field")]
        for name, (read, is_required) in readers.items():
            if is_required or name in data:
                try:
                    value[name] = read(data.get(name, serializers.empty))
                except serializers.ValidationError as error:
                    problems[name] = error.detail
        if problems:
            raise serializers.ValidationError(problems)
        return value

    def _bound(self, data: Mapping[str, Any], known: Collection[str]) -> None:
        """The number of keys is judged before any of them."""
        if len(data) > _MAX_KEYS:
            names = ", ".join(sorted(known))
            fault = f"There are {len(data):,} fields here, and only {len(known)} are known: {names}."
            raise serializers.ValidationError({"non_field_errors": [ErrorDetail(fault, "unknown_field")]})


@cache
def _fields(shape: type[Input]) -> BindingDict:
    original: Any = serializers.Serializer.fields
    return cast(BindingDict, original.func(shape()))


Read = Callable[[Any], Any]


@cache
def _readers_of(shape: type[Input]) -> dict[str, tuple[Read, bool]]:
    """For each field what reads a value, and whether it has to be there; settled once, as `shapes` does it."""
    return {name: (_read(field), field.required) for name, field in _fields(shape).items()}


def _read(field: Any) -> Read:
    """What a field makes of a value: the same one where it is right at first sight, without all that a field asks."""
    is_right = _AT_FIRST_SIGHT.get(type(field))

    def read(value: Any) -> Any:
        return value if is_right and is_right(field, value) else field.run_validation(value)

    return read


def _is_text(field: Any, value: object) -> bool:
    return type(value) is str and 0 < len(value) <= (field.max_length or 0) and value.isprintable()


def _is_integer(field: Any, value: object) -> bool:
    return type(value) is int and (field.min_value or 0) <= value <= (field.max_value or 0)


_AT_FIRST_SIGHT: dict[type, Callable[[Any, Any], bool]] = {fields.Text: _is_text, fields.Integer: _is_integer}


def _name(**options: Any) -> fields.Text:
    return fields.Text(required=False, allow_blank=True, max_length=NAME_LENGTH, **options)


def _id(**options: Any) -> fields.Text:
    return fields.Text(max_length=SLUG_LENGTH, **options)


class Nothing(Input):
    """No field at all."""


class Described(Input):
    name = _name()
    description = fields.Text(required=False, allow_blank=True, max_length=DESCRIPTION_LENGTH)
    labels = fields.Labels(required=False)


class NewPartition(Described):
    id = _id()


class ChangedProject(Described):
    tenant = _name()


class NewProject(ChangedProject):
    id = fields.Uuid(required=False, allow_null=True)


class Member(Input):
    user = fields.Text(max_length=150)
    role = fields.Choice(PROJECT_ROLES)


class NewVrf(Described):
    id = fields.Integer(min_value=LOWEST_VNI, max_value=HIGHEST_VNI)


class Network(Described):
    """What may change of a network, and is said when it is made."""

    nat_type = fields.Choice(choices=NatType.choices, required=False)
    prefixes = fields.Cidrs(required=False)
    destination_prefixes = fields.Cidrs(required=False)
    default_child_prefix_length = fields.Lengths(required=False)
    min_child_prefix_length = fields.Lengths(required=False)
    additional_announcable_cidrs = fields.Cidrs(required=False)
    child_choice = fields.Choice(choices=ChildChoice.choices, required=False)
    stack = fields.Choice(choices=Stack.choices, required=False)
    cluster_ranges = fields.Choice(choices=ClusterRanges.choices, required=False)
    quarantine = measures.Hours(required=False)
    quarantine_strict = fields.Flag(required=False)


class NewNetwork(Network):
    """A network of any type. Which fields each type needs, takes and refuses, the answer to a wrong one says."""

    type = fields.Choice(choices=NetworkType.choices)
    prefixes = NewPrefixes(required=False)  # type: ignore[assignment]
    id = _id(required=False, allow_null=True, allow_blank=True)
    project = _id(required=False, allow_null=True)
    partition = _id(required=False, allow_null=True)
    parent = _id(required=False, allow_null=True)  # type: ignore[assignment]
    length = fields.Lengths(required=False)
    address_family = fields.Families(required=False)
    vrf = fields.Vrf(required=False, allow_null=True, min_value=LOWEST_VNI, max_value=HIGHEST_VNI)
    vrf_shared = fields.Flag(required=False)
    count = fields.Integer(required=False, min_value=1, max_value=MAX_CHILDREN)


class ChangedNetwork(Network):
    """The fields of a network that change; those that are left out stay."""

    force = fields.Flag(required=False)


class ChangedPrefix(Input):
    gateway = fields.Address(required=False, allow_null=True)
    reserve_ends = fields.Flag(required=False)


class NewPrefix(ChangedPrefix):
    prefix = fields.Cidr()
    default_child_prefix_length = fields.Integer(required=False, min_value=0, max_value=128)


class NewFamily(Input):
    address_family = fields.OneFamily()
    length = fields.Integer(required=False, min_value=0, max_value=128)


class Completion(Input):
    address_family = fields.OneFamily()
    limit = fields.Integer(required=False, min_value=1, max_value=MAX_PER_BATCH)


class NewAddresses(Described):
    network = _id()
    project = _id()
    address_family = fields.Families(required=False)
    ip = fields.Addresses(required=False)
    type = fields.Choice(choices=IPAddress.Type.choices, required=False)
    shared = fields.Choice(choices=IPAddress.Shared.choices, required=False, allow_null=True)
    machine = _id(required=False, allow_null=True)
    count = fields.Integer(required=False, min_value=1, max_value=MAX_PER_REQUEST)


class ChangedAddress(Described):
    """Of what is shared, `machine` is attached beside others, null takes all off, and `machines` are all of them."""

    type = fields.Choice(choices=IPAddress.Type.choices, required=False)
    machine = _id(required=False, allow_null=True)
    machines = fields.Many(child=_id(), required=False, max_length=MAX_MACHINES)


class Halves(Input):
    ips = fields.Many(child=fields.Uuid(), min_length=2, max_length=2)


class Attachment(Input):
    network = _id()
    ips = fields.Many(child=fields.Address(), required=False, max_length=MAX_PER_REQUEST)
    address_family = fields.Families(required=False)
    auto = fields.Flag(required=False)


class ChangedMachine(Described):
    hostname = _name()


class NewMachine(ChangedMachine):
    id = _id(required=False, allow_null=True)
    project = _id()
    partition = _id()
    role = fields.Choice(choices=Machine.Role.choices, required=False)
    networks = fields.Many(child=Attachment(), max_length=MAX_ATTACHMENTS)

    def _bound(self, data: Mapping[str, Any], known: Collection[str]) -> None:
        """The addresses of all attachments together are as many as those of one."""
        super()._bound(data, known)
        attachments = data.get("networks")
        named = (
            [one.get("ips") for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
        )
        if (total := sum(len(ips) for ips in named if isinstance(ips, list))) > MAX_PER_REQUEST:
            raise serializers.ValidationError(
                {"networks": [f"At most {MAX_PER_REQUEST:,} addresses fit in one request, and these are {total:,}."]}
            )
