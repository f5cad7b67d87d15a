"""Forms by which networks and allocations move: what people type, in the dashboard."""

from typing import Any

from django import forms

from ipam.domain.networks import network_fields
from ipam.forms.named import NetworkField, PartitionField, ProjectField, VrfField
from ipam.models import Network


class AddressMoveForm(forms.Form):
    """One of the two: where allocations go."""

    network = NetworkField(
        required=False, help_text="The same place in its prefixes: each address keeps its host part."
    )
    project = ProjectField(required=False, help_text="Instead of another network: whose they are from now on.")

    def place(self) -> dict[str, Any]:
        """Where they go, as `address_moves.move` takes it, which refuses none and several."""
        return {name: self.cleaned_data[name] for name in ("network", "project") if self.cleaned_data.get(name)}


class NetworkMoveForm(forms.Form):
    """Where a network is; what is changed of it is where it goes."""

    project = ProjectField(required=False)
    vrf = VrfField(required=False, label="VRF")
    partition = PartitionField(required=False)
    with_children = forms.BooleanField(required=False, label="Move its children along")

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        known = {"project": network.project_id, "vrf": network.vrf_id, "partition": network.partition_id}
        super().__init__(*args, **{"initial": known, **kwargs})
        for name in ("partition",) if network.is_child else ("project", "vrf") if network.is_underlay else ():
            del self.fields[name]
        for name, field in self.fields.items():
            field.required = bool(name in known and network_fields.violations_of_removed_fields(network, [name]))
        if not network.is_super:
            del self.fields["with_children"]

    def places(self) -> dict[str, Any]:
        """What has changed, as `network_moves.move` takes it."""
        given = dict(self.cleaned_data)
        with_children = given.pop("with_children", False)
        changed = {name: place for name, place in given.items() if getattr(place, "pk", place) != self.initial[name]}
        return {**changed, "with_children": with_children}
