"""What people type about machines. Whether it may be, the domain says."""

from typing import Any

from django import forms
from django.db.models import Q

from ipam.domain.core import access
from ipam.forms.described import DescribedForm, LabelledForm
from ipam.forms.named import PartitionField, ProjectField
from ipam.models import Machine, Network, Partition, Project
from ipam.models.base import NAME_LENGTH

NETWORKS_HELP = "One private network per family, and any number of external ones."
MAX_OFFERED = 100
SEARCH_HELP = f"Part of a name, an address or a CIDR; {MAX_OFFERED} networks are offered at most."


class HostForm(DescribedForm):
    hostname = forms.CharField(max_length=NAME_LENGTH, required=False)


class MachineForm(HostForm, LabelledForm):
    """What may change of a machine."""

    field_order = ["name", "hostname", "description", "labels"]


def _only_partition() -> Partition | None:
    found = list(access.visible(Partition.objects.order_by("id"))[:2])
    return found[0] if len(found) == 1 else None


class MachineOwnerForm(forms.Form):
    """Step one of a machine: whose it is and where; that decides which networks it can join."""

    project = ProjectField()
    partition = PartitionField(initial=_only_partition)
    role = forms.ChoiceField(choices=Machine.Role.choices, initial=Machine.Role.MACHINE, widget=forms.RadioSelect)
    q = forms.CharField(label="Networks", max_length=NAME_LENGTH, required=False, help_text=SEARCH_HELP)


class JoiningForm(HostForm):
    """Step two: which networks, and what it is called."""

    networks = forms.ModelMultipleChoiceField(
        Network.objects.none(), widget=forms.CheckboxSelectMultiple, help_text=NETWORKS_HELP
    )
    field_order = ["networks", "name", "hostname", "description"]

    def __init__(self, *args: Any, project: Project, partition: Partition, q: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Q(partition=partition) | Q(partition=None)
        usable = access.visible(Network.objects.usable_by(project)).filter(here).order_by("-type", "id")
        offered = usable.filter(managed_by="")  # of what another system owns nothing is taken here
        found = list((offered.matching(q) if q else offered)[: MAX_OFFERED + 1])
        self.has_more = len(found) > MAX_OFFERED
        networks: Any = self.fields["networks"]
        networks.queryset = usable
        networks.choices = [(one.pk, str(one)) for one in found[:MAX_OFFERED]]
