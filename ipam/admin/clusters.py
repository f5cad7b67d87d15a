from collections.abc import Iterable

from django import forms
from django.contrib import admin

from ipam.admin.actions import bulk
from ipam.admin.attempts import each
from ipam.admin.base import DomainAdmin, ReadOnlyAdmin
from ipam.admin.filters import chosen
from ipam.admin.forms import Data, chooser
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.forms.clusters import DraftedForm
from ipam.forms.fields import LengthsField
from ipam.models import Claim, Cluster
from ipam.models.clusters import FamilyOrder


class ChangedClusterForm(DraftedForm):
    """What may change of a draft."""

    seed = chooser(Cluster, "seed", required=False, label="Seed that runs its control plane")


class NewClusterForm(ChangedClusterForm):
    """A draft; ranges and masks that are not given are proposed."""

    project = chooser(Cluster, "project")
    network = chooser(Cluster, "network", help_text="The node network: a private network of the project.")
    families = forms.ChoiceField(choices=FamilyOrder.choices, initial=FamilyOrder.IPV4_FIRST)
    node_mask = LengthsField(label="Node masks", help_text="Empty: as Kubernetes and the number of pods want them.")
    native_routing = forms.BooleanField(required=False, initial=True, label="Pods are routed without an overlay")
    field_order = ["name", "project", "network"]


@admin.register(Cluster)
class ClusterAdmin(DomainAdmin[Cluster]):
    """Ranges are changed where they can be seen, in the dashboard or by the API."""

    table = "clusters"
    add_form = NewClusterForm
    change_form = ChangedClusterForm
    list_display = ("name", "project", "network", "families", "state", "kubernetes_version", "max_pods", "description")
    list_filter = ("state", "families", "platform", chosen(Cluster, "project"))
    list_select_related = ("project", "network")
    readonly_fields = ("project", "network", "families", "state", "range_list", "created_at", "updated_at")
    actions = ("reserve", "release", "delete_selected")

    @admin.display(description="pods and services")
    def range_list(self, obj: Cluster) -> str:
        """Its ranges in one line, pods first."""
        return ", ".join(map(str, obj.ranges.all()))

    def hidden_fields(self, obj: Cluster) -> Iterable[str]:
        return ("name", "platform") if not obj.is_draft else ()

    def make(self, given: Data) -> Cluster:
        order = FamilyOrder(given["families"])
        return lifecycle.create(NewCluster(**given | {"families": order.families}))

    def change(self, obj: Cluster, changes: Data) -> None:
        lifecycle.update(obj, **changes)

    def discard(self, obj: Cluster) -> None:
        lifecycle.delete(obj)

    @bulk("Reserve selected %(verbose_name_plural)s", says="From then on nothing else may overlap their ranges.")
    def reserve(self, rows: list[Cluster]) -> None:
        each(rows, lifecycle.reserve)

    @bulk("Release selected %(verbose_name_plural)s", says="Their ranges may then be used again.")
    def release(self, rows: list[Cluster]) -> None:
        each(rows, lifecycle.release)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    """What controllers hold; they release it by its name."""

    list_display = ("name", "network", "project")
    list_filter = (chosen(Claim, "network"), chosen(Claim, "project"))
    list_select_related = ("network", "project")
    search_fields = ("name",)
    search_help_text = "A part of a name."
