"""Claims: a controller asks by a name of its own, and gets the same addresses, or prefixes, whenever it asks again.

A network gives addresses, both halves of a pair or one after the other as Cluster API asks for them; a super network
gives a child network.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import access, history, lookups, states, writes
from ipam.domain.core.operations import operation, undone_together
from ipam.domain.networks import acquisition, address_rules, addresses, children, networks, quotas
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Claim, IPAddress, Network, Project
from ipam.models.base import NAME_LENGTH
from ipam.models.events import Verb
from ipam.models.networks import NetworkType


def claim(
    network: Network,
    *,
    project: Project,
    name: str,
    families: Sequence[Family] = (),
    lengths: Mapping[Family, int] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Claim:
    """The claim of this name, with static addresses of these families, or of every one that the network has; of a super
    network a child, carved with these prefix lengths if it is new. What there is stays; what is missing is taken now.

    Its `made` says whether anything was. `labels` replace those that it has. Errors are those of `addresses.allocate`
    and `networks.create`; who asks while another takes the same name gets what that one took.
    """
    asked: dict[str, Any] = {
        "project": project,
        "name": name,
        "families": families,
        "lengths": lengths,
        "labels": labels,
    }
    try:
        with undone_together(False):
            return take(network, **asked)
    except errors.AlreadyExists:
        return take(network, **asked)


@operation
def take(
    network: Network,
    *,
    project: Project,
    name: str,
    families: Sequence[Family] = (),
    lengths: Mapping[Family, int] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Claim:
    """As `claim`, but AlreadyExists when another request has just claimed by this name."""
    addresses.require_allocation(network, project)
    known = lookups.lock_all(_named(network, project, name), no_key=True)  # its release waits, or was first
    current = known[0] if known else Claim(network=network, project=project, name=name)
    with history.as_one_event(Verb.ALLOCATE) if network.is_super else writes.together():
        if network.is_super:
            begun = _take_child(current, families, lengths or {})
        elif lengths:
            detail = f"{network} gives addresses. Leave the length out, or claim of a super network."
            raise errors.ForbiddenField(detail, field="length")
        else:
            begun = _take_addresses(current, families)
        _store(current, labels, begun)
    return current


@operation
def release(claim: Claim, *, family: Family | None = None) -> None:
    """Give back what a claim holds, or its address of one family; with the last of it the name may be claimed again.

    NotFound when that was released already; HasIps, HasChildren, HasMachines or InUse while something is in a child.
    """
    current = lookups.get(Claim, claim.pk, lock=True)
    access.require_change(current)
    if current.allocation is None:
        _release_child(current, family)
        return
    held = addresses.lock_allocation(current.allocation)
    ended = [one for one in held if family in (None, one.family)]
    if not ended and family is not None:
        raise errors.NotFound(f"“{shorten(current)}” holds no {family.label} address.", field="address_family")
    is_last = len(ended) == len(held)
    state = states.of(current)
    history.record(Verb.RELEASE, current, before=state, after=None if is_last else state, ended=ended)
    if is_last:
        current.delete()
    acquisition.give_back(ended)
    quotas.charge(ended=ended)


def get(network: Network, *, project: Project, name: str) -> Claim:
    """The claim of this name, or NotFound."""
    known = _named(network, project, name).first()
    if known is None:
        raise errors.NotFound(f"Nothing of {network} is claimed as “{shorten(name)}” for this project.", field="name")
    return known


def _take_addresses(claim: Claim, families: Sequence[Family]) -> list[IPAddress]:
    """Take those addresses of a claim that it lacks, under its allocation; all of a new one."""
    network = claim.network
    held = list(IPAddress.objects.filter(allocation=claim.allocation)) if claim.allocation else []
    missing = _missing(network, held, families)
    if held and missing:
        held = addresses.lock_allocation(held[0].allocation)  # who adds to an allocation locks it, as completions do
        missing = _missing(network, held, families)
    if held and not missing:
        return []
    access.require_own(*held)
    address_rules.check_may_take(network, claim.project)
    shared: dict[str, Any] = {
        "type": IPAddress.Type.STATIC,
        "name": claim.name[:NAME_LENGTH],
        "project_id": claim.project.pk,
    }
    rows = acquisition.draw(network, families=missing, **shared)
    for row in rows:
        row.allocation = claim.allocation or row.allocation
    writes.insert(rows)
    claim.allocation = rows[0].allocation
    quotas.charge(begun=rows)
    return rows


def _missing(network: Network, held: Sequence[IPAddress], families: Sequence[Family]) -> list[Family]:
    """The families of which a claim that holds these addresses lacks one; empty, when all are asked of a new one."""
    if held and not families:
        return acquisition.other_families(network, [one.address for one in held])
    return sorted({*families} - {Family(one.family) for one in held})


def _take_child(claim: Claim, families: Sequence[Family], lengths: Mapping[Family, int]) -> list[IPAddress]:
    """Carve the child of a new claim; one that is there gains the families that it lacks."""
    if claim.child is None:
        claim.child = networks.create(
            NewNetwork(
                type=NetworkType.CHILD,
                name=claim.name[:NAME_LENGTH],
                project=claim.project,
                parent=claim.network,
                address_family=families,
                length=lengths,
            )
        )
        claim.made = True
        return []
    present = set(claim.child.prefixes.order_by().values_list("family", flat=True))
    for family in sorted({*families} - present):
        children.add_family(claim.child, family, length=lengths.get(family))
        claim.made = True
    return []


def _store(claim: Claim, labels: Mapping[str, str] | None, begun: Sequence[IPAddress]) -> None:
    """Store a claim, or the labels that it is given; history tells of either, and of what it has begun to hold."""
    claim.made = claim.made or bool(begun)
    if claim._state.adding:
        claim.labels = dict(labels or {})
        claim.save(force_insert=True)
        history.record(Verb.ALLOCATE, claim, after=states.of(claim), begun=begun)
        return
    before = states.of(claim)
    if labels is not None and labels != claim.labels:
        claim.revise(labels=dict(labels))
    if claim.made or states.of(claim) != before:
        verb = Verb.ALLOCATE if claim.made else Verb.UPDATE
        history.record(verb, claim, before=before, after=states.of(claim), begun=begun)


def _release_child(claim: Claim, family: Family | None) -> None:
    if family is not None:
        detail = f"“{shorten(claim)}” holds a child network, which goes as a whole. Leave the family out."
        raise errors.ForbiddenField(detail, field="address_family")
    child = lookups.get(Network, claim.child_id)
    with history.as_one_event(Verb.RELEASE):
        history.record(Verb.RELEASE, claim, before=states.of(claim))
        claim.delete()
        networks.delete(child)


def _named(network: Network, project: Project, name: str) -> QuerySet[Claim]:
    return Claim.objects.filter(network=network, project=project, name=name).select_related("network", "project")
