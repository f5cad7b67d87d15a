"""What people type about machines. Whether it may be, the domain says."""

from typing import Any

from django import forms
from django.db.models import Q

from ipam.domain.core import access
from ipam.forms.described import DescribedForm, LabelledForm
from ipam.forms.fields import ProjectField
from ipam.models import Machine, Network, Partition, Project
from ipam.models.base import NAME_LENGTH

NETWORKS_HELP = "One private network per family, and any number of external ones."


class HostForm(DescribedForm):
    hostname = forms.CharField(max_length=NAME_LENGTH, required=False)


class MachineForm(HostForm, LabelledForm):
    """What may change of a machine."""

    field_order = ["name", "hostname", "description", "labels"]


class MachineOwnerForm(forms.Form):
    """Step one of a machine: whose it is and where; that decides which networks it can join."""

    project = ProjectField()
    partition = forms.ModelChoiceField(Partition.objects.order_by("id"), empty_label=None)
    role = forms.ChoiceField(choices=Machine.Role.choices, initial=Machine.Role.MACHINE, widget=forms.RadioSelect)


class JoiningForm(HostForm):
    """Step two: which networks, and what it is called."""

    networks = forms.ModelMultipleChoiceField(
        Network.objects.none(), widget=forms.CheckboxSelectMultiple, help_text=NETWORKS_HELP
    )
    field_order = ["networks", "name", "hostname", "description"]

    def __init__(self, *args: Any, project: Project, partition: Partition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Q(partition=partition) | Q(partition=None)
        usable = access.visible(Network.objects.usable_by(project)).filter(here)
        self.fields["networks"].queryset = usable.order_by("-type", "id")  # type: ignore[attr-defined]
