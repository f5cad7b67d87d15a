"""VRFs."""

from django.db.models import Prefetch, QuerySet

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

    def get_queryset(self) -> QuerySet[VRF]:
        return VRF.objects.prefetch_related(Prefetch("networks", access.visible(Network.objects.only("id", "vrf_id"))))

    def make(self, data: Data) -> VRF:
        return vrfs.create(**data)

    def change(self, found: VRF, data: Data) -> VRF:
        return vrfs.update(found, **data)

    def discard(self, found: VRF) -> None:
        vrfs.delete(found)
