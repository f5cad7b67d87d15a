"""What a row of findings offers: the page of what it is about, the form that mends it, and marking it."""

from collections.abc import Sequence
from typing import NamedTuple

from django.urls import reverse

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.insight.shown import names_of
from ipam.domain.insight.watching import OF_NETWORKS
from ipam.links import link, page_of
from ipam.models import Finding
from webui.verbs import may_grow

_COMPLETED_IN_NETWORK = ("one_family_allocations", "one_family_machines", "one_family_nodes")


class Remedy(NamedTuple):
    """The form that mends a finding."""

    text: str
    link: str


class Row(NamedTuple):
    """A finding, the name and the page of what it is about, the form that mends it for whoever looks, and whether they
    may say that it need not be shown.
    """

    finding: Finding
    name: str
    link: str
    remedy: Remedy | None
    may_mark: bool


def of_findings(findings: Sequence[Finding]) -> list[Row]:
    """The rows of these findings; one statement."""
    who = access.current()
    return [
        Row(
            one,
            name,
            page_of(one.kind, one.object_id, one.object_id),
            _remedy(one),
            one.kind != "survey" and who.may(Permission.MANAGE, one.project_id),
        )
        for one, name in zip(findings, names_of(findings), strict=True)
    ]


def _remedy(one: Finding) -> Remedy | None:
    """Of what one form mends, that form, where its network is at hand and takes it from the caller."""
    if one.network is None:
        return None
    if one.code in OF_NETWORKS and may_grow(one.network):
        return Remedy("Add a prefix", link("add-prefix", one.network.pk))
    if one.code in _COMPLETED_IN_NETWORK and one.family and access.may_change(one.network):
        return Remedy("Complete", reverse("complete", args=[one.network.pk, Family(one.family).key]))
    return None
