"""Machines."""

from django.db.models import Prefetch, prefetch_related_objects
from rest_framework.permissions import SAFE_METHODS

from ipam import filters
from ipam.api import inputs, outputs, preconditions
from ipam.api.resources import Body, Data, Editable, with_references
from ipam.domain.core import lookups
from ipam.domain.networks import attachments, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Machine, MachineNetwork, Network, Prefix

SHOWN = (
    Prefetch("attachments", MachineNetwork.objects.select_related("network").order_by("position")),
    Prefetch("attachments__network__prefixes", Prefix.objects.in_order()),
)


class MachineViews(Editable[Machine]):
    model, output, filterset_class = Machine, outputs.Machine, filters.MachineFilters
    inputs = {"create": inputs.NewMachine, "partial_update": inputs.ChangedMachine}
    ordering_fields = {"id": "pk", "name": "name", "asn": "asn", "created_at": "created_at"}

    def context_for(self, objects: list[Machine]) -> dict[str, object]:
        return {"networks": attachments.of_machines(objects)}

    def found(self) -> Machine:
        """The machine that the address names; merely its id for operations, which read it themselves."""
        if self.request.method in SAFE_METHODS or preconditions.seen(self.request) is not None:
            return super().found()
        return Machine(pk=self.kwargs["pk"])

    def render(self, one: Machine) -> Body:
        """A machine as it was read or an operation leaves it, with what it does not know yet."""
        if "addresses" not in getattr(one, "_prefetched_objects_cache", ()):
            return self.show(one)
        prefetch_related_objects([one], *SHOWN)
        return dict(self.output(one, context={"networks": {one.pk: attachments.of_known(one)}}).data)

    def make(self, data: Data) -> Machine:
        joined = {f"networks.{number}.network": one for number, one in enumerate(data["networks"])}
        given = {name: value for name, value in data.items() if name != "networks"}
        at_hand = lookups.networks_at_hand([one["network"] for one in joined.values()], "project", "partition")
        found = with_references(given, {field: (Network, one["network"]) for field, one in joined.items()}, at_hand)
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
