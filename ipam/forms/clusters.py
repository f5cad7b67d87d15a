"""What people type about clusters. Whether it may be, the domain says."""

from typing import Any

from django import forms

from ipam.addressing import Family
from ipam.domain.clusters.plan import DEFAULT_VERSION
from ipam.domain.clusters.sizing import DEFAULT_MAX_PODS
from ipam.domain.core import access
from ipam.forms.described import LABELS_HELP
from ipam.forms.fields import CidrField, LabelsField, ProjectField
from ipam.models import Cluster, Network
from ipam.models.base import DESCRIPTION_LENGTH, SLUG_LENGTH
from ipam.models.clusters import CLUSTER_NAME_LENGTH, FamilyOrder, Platform

_MAX = 1_000_000  # pods and nodes


class ClusterForm(forms.Form):
    """What may change of any plan, also of one that is reserved or released."""

    description = forms.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    kubernetes_version = forms.CharField(max_length=8, initial=DEFAULT_VERSION)
    max_pods = forms.IntegerField(min_value=1, max_value=_MAX, initial=DEFAULT_MAX_PODS, label="Pods per node, at most")
    wanted_nodes = forms.IntegerField(
        min_value=1,
        max_value=_MAX,
        required=False,
        label="Nodes",
        help_text="How many you want at most; empty: as many as fit.",
    )
    labels = LabelsField(required=False, help_text=LABELS_HELP)


class DraftedForm(ClusterForm):
    """What may change of a draft only, but for its ranges."""

    name = forms.CharField(max_length=CLUSTER_NAME_LENGTH)
    platform = forms.ChoiceField(choices=Platform.choices, label="Set up by")


class PlanForm(DraftedForm):
    """What a plan says besides its owner and node network; empty ranges and masks are proposed."""

    families = forms.ChoiceField(
        choices=FamilyOrder.choices, initial=FamilyOrder.IPV4_FIRST, widget=forms.RadioSelect, label="Families"
    )
    native_routing = forms.BooleanField(
        required=False,
        initial=True,
        label="The fabric routes pods (no overlay)",
        help_text="Then their ranges have to be announcable, and a second family can be added later.",
    )
    field_order = [
        *("name", "families", "wanted_nodes", "max_pods", "platform", "kubernetes_version", "native_routing"),
        *("description", "labels"),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("pods", "pods"), ("services", "services")):
            for family in Family:
                self.fields[f"{name}_{family.key}"] = CidrField(
                    required=False, label=f"{family.label} {label}", widget=_proposed()
                )
        for family in Family:
            self.fields[f"node_mask_{family.key}"] = forms.IntegerField(
                min_value=0,
                max_value=family.bits,
                required=False,
                label=f"{family.label} node mask",
                widget=forms.NumberInput(attrs={"placeholder": "proposed"}),
            )

    @property
    def ranges(self) -> list[forms.BoundField]:
        """The fields that most plans leave empty."""
        return [self[name] for name in self.fields if name.endswith(("_ipv4", "_ipv6"))]

    @property
    def basics(self) -> list[forms.BoundField]:
        """All others."""
        return [self[name] for name in self.fields if not name.endswith(("_ipv4", "_ipv6"))]

    @property
    def has_ranges(self) -> bool:
        """Whether there are ranges or masks to see."""
        return any(field.value() for field in self.ranges)

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with pods of some family stands above; the sentence says which."""
        super().add_error(field if field in self.fields else None, error)

    def request(self) -> dict[str, Any]:
        """The fields of a `NewCluster`."""
        data = dict(self.cleaned_data)
        for name in ("pods", "services", "node_mask"):
            given = {family: data.pop(f"{name}_{family.key}") for family in Family}
            data[name] = {family: value for family, value in given.items() if value is not None}
        return {**data, "families": FamilyOrder(data["families"]).families}


class NewClusterForm(PlanForm):
    """The wizard: whose it is, where its nodes are, then the plan."""

    project = ProjectField()
    parent = forms.ModelChoiceField(
        Network.objects.none(),
        required=False,
        empty_label="an existing network, named below",
        label="Carve the node network out of",
    )
    network = forms.CharField(
        max_length=SLUG_LENGTH,
        required=False,
        label="Existing node network",
        help_text="The id of a private network; leave empty to carve one.",
    )
    field_order = ["name", "project", "parent", "network", *PlanForm.field_order]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = access.visible(Network.objects.supers().order_by("id"))  # type: ignore[attr-defined]
        self.order_fields(self.field_order)

    def clean_network(self) -> Network | None:
        """The network that is named."""
        key = self.cleaned_data["network"].strip()
        found = access.visible(Network.objects.filter(pk=key)).first() if key else None
        if key and found is None:
            raise forms.ValidationError("There is no such network. Type its id.")
        return found


class DraftForm(PlanForm):
    """All that may change of a draft, filled in with what it is."""

    def __init__(self, *args: Any, draft: Cluster, **kwargs: Any) -> None:
        initial = forms.model_to_dict(draft)
        for name, held in (("pods", draft.pods), ("services", draft.services)):
            initial |= {f"{name}_{family.key}": str(cidr) for family, cidr in held.items()}
        super().__init__(*args, initial=initial, **kwargs)

    def changes(self) -> dict[str, Any]:
        """What changes; ranges of one purpose together, those that were emptied left out: they are proposed again."""
        changed = {name.removesuffix("_ipv4").removesuffix("_ipv6") for name in self.changed_data}
        return {name: value for name, value in self.request().items() if name in changed}


class RollForm(forms.Form):
    """The word of an operator that the nodes will be replaced."""

    roll_nodes = forms.BooleanField(required=False, label="All nodes will be replaced")


def _proposed() -> forms.TextInput:
    return forms.TextInput(attrs={"placeholder": "proposed"})
