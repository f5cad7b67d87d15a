"""The form of a webhook."""

from typing import Any

from django import forms

from ipam.domain.core import lookups
from ipam.domain.notify.targets import URL_LENGTH
from ipam.forms.fields import ProjectField, WordsField, picker
from ipam.labels import LABEL_LENGTH
from ipam.models import Network, Partition, Webhook
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH


class WebhookForm(forms.Form):
    """Where it leads, and what it is told."""

    name = forms.CharField(max_length=NAME_LENGTH, required=False)
    url = forms.CharField(
        max_length=URL_LENGTH, label="URL", help_text="https; it has to answer with a 2xx status within 15 seconds."
    )
    project = ProjectField(required=False, help_text="Only what happens to it; empty: the whole platform.")
    types = WordsField(required=False, label="Types", help_text="Such as address.release or network.carve; empty: all.")
    network = forms.CharField(
        max_length=SLUG_LENGTH, required=False, widget=picker("networks"), help_text="Its id or name; empty: any."
    )
    partition = forms.CharField(
        max_length=SLUG_LENGTH, required=False, widget=picker("partitions"), help_text="Its id or name; empty: any."
    )
    label = forms.CharField(max_length=LABEL_LENGTH, required=False, help_text="key or key=value; empty: any.")

    def wanted(self) -> dict[str, Any]:
        """What was typed, with objects in the place of ids; NotFound for what is not there."""
        data = dict(self.cleaned_data)
        models: dict[str, Any] = {"network": Network, "partition": Partition}
        named = {name: (model, data[name]) for name, model in models.items() if data[name]}
        return {**data, "types": data["types"] or [], **dict.fromkeys(models), **lookups.get_all(named)}


def initial_of(webhook: Webhook) -> dict[str, Any]:
    """What stands in the form of a webhook that is there."""
    ids = {"network": webhook.network_id, "project": webhook.project_id or "", "partition": webhook.partition_id}
    return {name: getattr(webhook, name) for name in ("name", "url", "types", "label")} | ids
