"""Machines."""

from django.db.models import Prefetch, QuerySet

from ipam import filters
from ipam.api import inputs, outputs
from ipam.api.resources import Data, Editable, with_references
from ipam.domain.networks import machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Machine, MachineNetwork, Network, Prefix


class MachineViews(Editable[Machine]):
    model, output, filterset_class = Machine, outputs.Machine, filters.MachineFilters
    inputs = {"create": inputs.NewMachine, "partial_update": inputs.ChangedMachine}
    ordering_fields = {"id": "pk", "name": "name", "asn": "asn", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Machine]:
        attachments = MachineNetwork.objects.select_related("network").order_by("position")
        return Machine.objects.prefetch_related(
            "addresses",
            Prefetch("attachments", attachments),
            Prefetch("attachments__network__prefixes", Prefix.objects.in_order()),
        )

    def make(self, data: Data) -> Machine:
        joined = {f"networks.{number}.network": one for number, one in enumerate(data["networks"])}
        given = {name: value for name, value in data.items() if name != "networks"}
        found = with_references(given, {field: (Network, one["network"]) for field, one in joined.items()})
        wanted = [
            Attachment(
                network=found.pop(field),
                ips=one.get("ips", ()),
                families=one.get("address_family", ()),
                auto=one.get("auto", True),
            )
            for field, one in joined.items()
        ]
        return machines.allocate(**found, networks=wanted)

    def change(self, found: Machine, data: Data) -> Machine:
        return machines.update(found, **data)

    def discard(self, found: Machine) -> None:
        machines.release(found)
