"""VRFs."""

from ipam import filters
from ipam.api import inputs, outputs
from ipam.api.resources import Data, Editable
from ipam.domain.core import access
from ipam.domain.networks import vrfs
from ipam.models import VRF, Network


class VrfViews(Editable[VRF]):
    model, output, filterset_class = VRF, outputs.Vrf, filters.VrfFilters
    inputs = {"create": inputs.NewVrf, "partial_update": inputs.Described}
    ordering_fields = {"id": "pk", "name": "name", "created_at": "created_at"}

    def context_for(self, objects: list[VRF]) -> dict[str, object]:
        found: dict[int, list[str]] = {vrf.pk: [] for vrf in objects}
        networks = access.visible(Network.objects.filter(vrf__in=found))
        for vrf, network in networks.order_by("pk").values_list("vrf_id", "pk"):
            found[vrf].append(network)
        return {"networks": found}

    def make(self, data: Data) -> VRF:
        return vrfs.create(**data)

    def change(self, found: VRF, data: Data) -> VRF:
        return vrfs.update(found, **data)

    def discard(self, found: VRF) -> None:
        vrfs.delete(found)
