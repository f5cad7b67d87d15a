"""Forms of what has a name, a description and labels: what all of them ask, and the small things that have no more."""

from django import forms

from ipam.forms.fields import LabelsField
from ipam.models.base import DESCRIPTION_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI

LABELS_HELP = "One per line: key or key=value."
ID_HELP = "2 to 128 letters, digits, dots, dashes; it never changes."


class DescribedForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, required=False, strip=False)
    description = forms.CharField(max_length=DESCRIPTION_LENGTH, required=False, strip=False)


class LabelledForm(DescribedForm):
    labels = LabelsField(required=False, help_text=LABELS_HELP)


class NewPartitionForm(LabelledForm):
    id = forms.CharField(max_length=SLUG_LENGTH, help_text=ID_HELP)
    field_order = ["id", "name", "description", "labels"]


class ProjectForm(LabelledForm):
    tenant = forms.CharField(max_length=NAME_LENGTH, required=False)
    field_order = ["name", "tenant", "description", "labels"]


class NewProjectForm(ProjectForm):
    id = forms.UUIDField(required=False, help_text="Made if left empty; it never changes.")


class NewVrfForm(LabelledForm):
    id = forms.IntegerField(min_value=LOWEST_VNI, max_value=HIGHEST_VNI, label="VNI")
    field_order = ["id", "name", "description", "labels"]
