"""The shape of requests. Which combinations are right is for the domain to say."""

from collections.abc import Mapping
from typing import Any, cast

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from ipam.addressing import shorten
from ipam.api import fields
from ipam.domain.networks.address_rules import MAX_PER_REQUEST
from ipam.domain.networks.completion import MAX_PER_BATCH
from ipam.models import IPAddress, Machine
from ipam.models.base import DESCRIPTION_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.networks import NatType, NetworkType, Stack
from ipam.models.roles import PROJECT_ROLES
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI

MAX_ATTACHMENTS = 100
_MAX_KEYS = 100  # of an object, known or not


class Input(serializers.Serializer[Any]):
    """An object whose fields are all known; what is wrong with any of them is reported together."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        known = {name for name, field in self.fields.items() if not field.read_only}
        self._bound(data, known)
        names = f"Known: {', '.join(sorted(known))}."
        problems: dict[str, Any] = {
            shorten(name): [ErrorDetail(f"There is no field “{shorten(name)}” here. {names}", "unknown_field")]
            for name in data
            if name not in known
        }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            problems |= cast(dict[str, Any], error.detail)
        if problems:
            raise serializers.ValidationError(problems)
        return value

    def _bound(self, data: Mapping[str, Any], known: set[str]) -> None:
        """The number of keys is judged before any of them."""
        if len(data) > _MAX_KEYS:
            names = ", ".join(sorted(known))
            fault = f"There are {len(data):,} fields here, and only {len(known)} are known: {names}."
            raise serializers.ValidationError({"non_field_errors": [ErrorDetail(fault, "unknown_field")]})


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
    stack = fields.Choice(choices=Stack.choices, required=False)


class NewNetwork(Network):
    """A network of any type. Which fields each type needs, takes and refuses, the answer to a wrong one says."""

    type = fields.Choice(choices=NetworkType.choices)
    id = _id(required=False, allow_null=True, allow_blank=True)
    project = _id(required=False, allow_null=True)
    partition = _id(required=False, allow_null=True)
    parent = _id(required=False, allow_null=True)  # type: ignore[assignment]
    length = fields.Lengths(required=False)
    address_family = fields.Families(required=False)
    vrf = fields.Vrf(required=False, allow_null=True, min_value=LOWEST_VNI, max_value=HIGHEST_VNI)
    vrf_shared = fields.Flag(required=False)


class ChangedNetwork(Network):
    """The fields of a network that change; those that are left out stay."""

    force = fields.Flag(required=False)


class NewPrefix(Input):
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
    machine = _id(required=False, allow_null=True)
    count = fields.Integer(required=False, min_value=1, max_value=MAX_PER_REQUEST)


class ChangedAddress(Described):
    type = fields.Choice(choices=IPAddress.Type.choices, required=False)


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

    def _bound(self, data: Mapping[str, Any], known: set[str]) -> None:
        """The addresses of all attachments together are as many as those of one."""
        super()._bound(data, known)
        attachments = data.get("networks")
        named = (
            [one.get("ips") for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
        )
        total = sum(len(ips) for ips in named if isinstance(ips, list))
        if total > MAX_PER_REQUEST:
            raise serializers.ValidationError(
                {"networks": [f"At most {MAX_PER_REQUEST:,} addresses fit in one request, and these are {total:,}."]}
            )
