"""What lists are narrowed by that is about who has which address."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django_filters.constants import EMPTY_VALUES

from ipam.addressing import Address
from ipam.filter_fields import NOTHING, KeyFilter
from ipam.models import AddressHolder, IPAddress
from ipam.models.machines import MachineQuerySet


class HolderFilter(KeyFilter):
    """Addresses that this machine has, also beside others; or that nobody has.

    Most machines share none: then the list is read by an index that is in its order.
    """

    def filter(self, qs: Any, value: Any) -> Any:
        is_plain = value in (*EMPTY_VALUES, NOTHING) or not AddressHolder.objects.filter(machine=value).exists()
        return super().filter(qs, value) if is_plain else qs.held_by([value])


def shared() -> filters.ChoiceFilter:
    """Addresses that are shared so; or that are not."""

    def narrow(queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(shared="" if value == NOTHING else value)

    return filters.ChoiceFilter(choices=[*IPAddress.Shared.choices, (NOTHING, "by none")], method=narrow)


def having_address(machines: MachineQuerySet, address: Address) -> MachineQuerySet:
    """The machines that have this address, alone or beside others."""
    alone = IPAddress.objects.filter(address=address, machine__isnull=False).order_by()
    beside = AddressHolder.objects.filter(address__address=address).order_by()
    return machines.filter(Q(pk__among=alone.values("machine")) | Q(pk__among=beside.values("machine")))
