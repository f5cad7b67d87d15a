"""What people type about clusters. Whether it may be, the domain says."""

from typing import Any

from django import forms
from django.db.models import Q

from ipam.addressing import Family
from ipam.domain.clusters.plan import DEFAULT_VERSION
from ipam.domain.clusters.sizing import DEFAULT_MAX_PODS
from ipam.domain.core import access
from ipam.domain.moving.cluster_documents import LONGEST as LONGEST_DOCUMENT
from ipam.domain.networks.address_rules import MAX_PER_REQUEST
from ipam.forms.described import LABELS_HELP
from ipam.forms.fields import CidrField, LabelsField
from ipam.forms.named import ClusterField, NetworkField, ProjectField
from ipam.models import Cluster
from ipam.models.base import DESCRIPTION_LENGTH
from ipam.models.clusters import CLUSTER_NAME_LENGTH, MAX_SURGE, FamilyOrder, MigrationStep, Platform, PodIpam
from ipam.models.networks import CHILD_TYPES, SUPER_TYPES, NetworkType

_MAX = 1_000_000  # pods and nodes
SEEDS = Q(is_seed=True) & ~Q(state=Cluster.State.RELEASED)
OF_GARDENER = ("gardener_project", "gardener_version", "seed", "is_seed")
SUPERS, CHILDREN = Q(type__in=SUPER_TYPES), Q(type__in=CHILD_TYPES)


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
    gardener_project = forms.CharField(
        max_length=CLUSTER_NAME_LENGTH, required=False, help_text="Of Gardener, not of this installation."
    )
    gardener_version = forms.CharField(max_length=11, required=False, help_text="Such as 1.150; empty if unknown.")
    max_surge = forms.IntegerField(
        min_value=0,
        max_value=MAX_SURGE,
        required=False,
        label="Nodes that come before others go",
        help_text="In a rolling update; empty: 1 with Gardener, else none.",
    )
    is_seed = forms.BooleanField(required=False, label="It is a seed of Gardener")
    seed: forms.Field = ClusterField(
        kind="seeds",
        among=SEEDS,
        required=False,
        label="Seed that runs its control plane",
        help_text="Its IPv6 ranges keep apart from those of the seed.",
    )
    labels = LabelsField(required=False, help_text=LABELS_HELP)

    def __init__(self, *args: Any, platform: str = Platform.GARDENER, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.initial.get("seed")
        if held and not access.sees(Cluster(pk=held)):
            del self.fields["seed"]  # it stays as it is
        if platform != Platform.GARDENER:
            self.fields = {name: field for name, field in self.fields.items() if name not in OF_GARDENER}


class DraftedForm(ClusterForm):
    """What may change of a draft only, but for its ranges."""

    name = forms.CharField(max_length=CLUSTER_NAME_LENGTH)
    platform = forms.ChoiceField(choices=Platform.choices, initial=Platform.GARDENER, label="Set up by")


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
    ipam = forms.ChoiceField(choices=PodIpam.choices, required=False, label="Pods get addresses by")
    GROUPS = {  # of what most people look at
        "What and where": ("name", "project", "parent", "network"),
        "Families and size": ("families", "wanted_nodes", "max_pods"),
        "Platform": ("platform", "kubernetes_version", *OF_GARDENER, "native_routing"),
    }
    field_order = [name for names in GROUPS.values() for name in names]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["platform"].widget = forms.RadioSelect(choices=Platform.choices)
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
    def groups(self) -> dict[str, list[forms.BoundField]]:
        """The fields by their titles, but for details and ranges."""
        return {title: [self[name] for name in names if name in self.fields] for title, names in self.GROUPS.items()}

    @property
    def details(self) -> list[forms.BoundField]:
        """What few plans say."""
        return [self[name] for name in ("max_surge", "ipam", "description", "labels")]

    @property
    def has_details(self) -> bool:
        """Whether a detail is said, or wrong."""
        return any(field.errors or field.value() not in (None, "", {}, PodIpam.HOST_LOCAL) for field in self.details)

    @property
    def has_ranges(self) -> bool:
        """Whether there are ranges or masks to see."""
        return any(field.errors or field.value() for field in self.ranges)

    def request(self) -> dict[str, Any]:
        """The fields of a `NewCluster`."""
        data = dict(self.cleaned_data)
        for name in ("pods", "services", "node_mask"):
            given = {family: data.pop(f"{name}_{family.key}") for family in Family}
            data[name] = {family: value for family, value in given.items() if value is not None}
        data["ipam"] = data["ipam"] or PodIpam.HOST_LOCAL
        return {**data, "families": FamilyOrder(data["families"]).families}


class NewClusterForm(PlanForm):
    """The wizard: whose it is, where its nodes are, then the plan."""

    project = ProjectField()
    parent = NetworkField(
        kind="super-networks",
        among=SUPERS,
        required=False,
        label="Carve the node network out of",
        help_text="A super network, which is where the nodes will be.",
    )
    network = NetworkField(
        kind="child-networks",
        among=CHILDREN,
        required=False,
        label="Or an existing node network",
        help_text="A private network of the project, without a cluster.",
    )


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


class DocumentForm(forms.Form):
    """What a cluster that runs says of itself."""

    document = forms.CharField(
        max_length=LONGEST_DOCUMENT,
        strip=False,  # the first line keeps its indentation, which says where it belongs
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text="A Shoot (kubectl get shoot … -o yaml), or kubeadm's ClusterConfiguration.",
    )


class RunningClusterForm(DocumentForm):
    """Whose it is, and where its nodes are."""

    name = forms.CharField(
        max_length=CLUSTER_NAME_LENGTH, required=False, help_text="Empty: as its document calls it, if it does."
    )
    project = ProjectField()
    network = NetworkField(kind="child-networks", among=CHILDREN, label="Node network")
    field_order = ["project", "network", "name", "document"]


class ApiAddressForm(forms.Form):
    """Where addresses of a cluster are taken: in external networks, and in its project's own."""

    network = NetworkField()

    def __init__(self, *args: Any, cluster: Cluster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Q(type=NetworkType.EXTERNAL) | Q(project=cluster.project_id) & CHILDREN
        self.fields["network"] = NetworkField(among=own, help_text="An external one, or one of its project.")


class LoadBalancerForm(ApiAddressForm):
    """And how many, one of each family of the cluster each."""

    count = forms.IntegerField(min_value=1, max_value=MAX_PER_REQUEST, initial=1, label="How many")


class ServicesForm(forms.Form):
    """Further ranges of services, of one family or both."""

    ipv4 = CidrField(required=False, label="IPv4 services", help_text="Such as 10.249.0.0/18.")
    ipv6 = CidrField(required=False, label="IPv6 services", help_text="Such as fd00:10:249::/112.")

    def ranges(self) -> dict[Family, Any]:
        """Those that were given, by family."""
        return {family: cidr for family in Family if (cidr := self.cleaned_data[family.key]) is not None}


class StepForm(forms.Form):
    """The step of a migration that somebody has done."""

    done = forms.ChoiceField(choices=MigrationStep.choices)


class RollForm(forms.Form):
    """The word of an operator that the nodes will be replaced."""

    roll_nodes = forms.BooleanField(required=False, label="All nodes will be replaced")


def _proposed() -> forms.TextInput:
    return forms.TextInput(attrs={"placeholder": "proposed"})
