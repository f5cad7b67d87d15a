"""What lives in a network and goes with it to another project: judged as a whole, then given by one statement each."""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any, NamedTuple, cast

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.networks import address_rules, addresses, quotas, sharing
from ipam.domain.space import free_space
from ipam.models import (
    AddressRange,
    Claim,
    Cluster,
    IPAddress,
    Machine,
    MachineNetwork,
    Network,
    Prefix,
    Project,
    SetAsideBlock,
)
from ipam.models.base import Record
from ipam.models.events import Verb
from ipam.models.networks import NetworkType


def hand_over(moved: Sequence[Network], project: Project | None) -> dict[str, Any]:
    """Let locked networks of one project be another's, or every project's, with what that project has in them.

    Of a shared child the network alone goes, for every project may use it. Returns the addresses and blocks that change
    hands, as `history.record` takes them; quotas are charged.
    """
    owner = moved[0].project
    if copied := next((one for one in moved if one.namespace_id), None):
        detail = f"{copied} lies in its project's own copy of {copied.parent}. Carve another for the other project."
        raise errors.WrongProject(detail, field="project")
    both = {one and one.pk for one in (owner, project)}
    if foreign := next((one for one in moved if one.project_id not in both), None):
        raise errors.WrongProject(f"{foreign} belongs to another project. Move it by itself first.", field="project")
    keys = [one.pk for one in moved if not one.is_shared_child]
    held = _lock(keys, owner, project) if project and keys else _Contents()
    prefixes = Prefix.objects.filter(network__in=[one.pk for one in moved], parent__isnull=False)
    blocks = list(prefixes.select_related("network").in_order())
    before = [copy(one) for one in held.addresses]
    for one in moved:
        one.revise(project=project)
    if project:
        _give(held, AddressRange.objects.filter(network__in=keys, project=owner), project)
    begun = list(prefixes.select_related("network").in_order())
    quotas.charge(ended=before, begun=held.addresses, blocks_ended=blocks, blocks_begun=begun)
    return {"ended": before, "begun": held.addresses, "blocks_ended": blocks, "blocks_begun": begun}


class _Contents(NamedTuple):
    """What a project has in networks, and what belongs to that elsewhere."""

    machines: Sequence[Machine] = ()
    clusters: Sequence[Cluster] = ()
    addresses: Sequence[IPAddress] = ()


def _lock(keys: Sequence[str], owner: Project | None, project: Project) -> _Contents:
    """What the owner has in these networks, locked; nobody takes from them or gives back until the end."""
    _check_strangers(keys, owner, project)
    joined = MachineNetwork.objects.filter(network__in=keys).values("machine")
    machines = lookups.lock_all(Machine.objects.filter(pk__in=joined, project=owner).order_by("pk"), no_key=True)
    clusters = lookups.lock_all(Cluster.objects.filter(network__in=keys, project=owner).order_by("pk"), no_key=True)
    of_machines = IPAddress.objects.held_by([one.pk for one in machines]).order_by().values("pk")
    of_those = Q(pk__among=of_machines) | Q(cluster__in=[one.pk for one in clusters])
    allocations = IPAddress.objects.filter(of_those | Q(network__in=keys), project=owner).values("allocation")
    theirs = IPAddress.objects.filter(allocation__in=allocations, project=owner)
    addresses.lock(theirs)  # before the prefixes, as whoever gives back does
    free_space.lock_all(Prefix.objects.filter(network__in=keys))
    lookups.lock_all(SetAsideBlock.objects.filter(prefix__network__in=keys).order_by("pk"))
    held = _Contents(machines, clusters, addresses.lock(theirs))
    _check_strangers(keys, owner, project)  # who came while this waited
    _check(held, keys, owner, project)
    access.require_own(*machines, *held.addresses)
    return held


def _check_strangers(keys: Sequence[str], owner: Project | None, project: Project) -> None:
    """WrongProject where somebody else lives there, whom nobody may give away."""
    both = [one.pk for one in (owner, project) if one]
    kinds: tuple[tuple[str, QuerySet[Any]], ...] = (
        ("Address", IPAddress.objects.filter(network__in=keys).order_by("address")),
        ("Machine", Machine.objects.filter(attachments__network__in=keys).order_by("pk")),
        ("Cluster", Cluster.objects.filter(network__in=keys).order_by("name")),
    )
    for kind, found in kinds:
        if (one := found.exclude(project__in=both).first()) is not None:
            what = f"{kind} {one}" if access.sees(one) else f"Something ({kind.lower()})"
            raise errors.WrongProject(f"{what} belongs to a third project. Release or move it first.", field="project")


def _check(held: _Contents, keys: Sequence[str], owner: Project | None, project: Project) -> None:
    """What belongs together stays together, all of it where the other project may be."""
    claims = Claim.objects.filter(Q(network__in=keys) | Q(child__in=keys))
    if (claim := claims.first()) is not None:
        detail = f"A controller of project {claim.project} claims by “{claim}” there. Release that first."
        raise errors.InUse(detail, field="project")
    machines, clusters = {one.pk for one in held.machines}, {one.pk for one in held.clusters}
    elsewhere = MachineNetwork.objects.filter(machine__in=machines, network__project=owner).exclude(network__in=keys)
    elsewhere = elsewhere.exclude(network__type=NetworkType.CHILD_SHARED).select_related("machine", "network")
    if owner and (joined := elsewhere.order_by("machine", "position").first()) is not None:
        detail = f"Machine {joined.machine} is also in {joined.network} of project {owner}. Release it first."
        raise errors.HasMachines(detail, field="project")
    outside = [one for one in held.addresses if one.network_id not in keys]
    for network in Network.objects.filter(pk__in={one.network_id for one in outside}).order_by("pk"):
        address_rules.check_may_use(network, project)
    for one in sharing.know_holders(held.addresses):
        if staying := [key for key in one.machine_ids if key not in machines]:
            machine = Machine.objects.get(pk=staying[0])
            raise errors.InUse(f"{one} belongs to machine {machine}, which stays. Take it off that first.")
        if one.cluster_id and one.cluster_id not in clusters:
            raise address_rules.owned(one)
    address_rules.check_unclaimed(held.addresses)


def _give(held: _Contents, ranges: QuerySet[AddressRange], project: Project) -> None:
    """Store whose all of it is now, and tell it as parts of the event; addresses are told by their tenures."""
    _revise_all(IPAddress, held.addresses, project)
    for rows in (held.machines, held.clusters, list(ranges)):
        before = [(one, states.of(one)) for one in rows]
        if rows:
            _revise_all(type(rows[0]), rows, project)
            history.record_each(Verb.MOVE, before)


def _revise_all(model: type[Record], rows: Iterable[Any], project: Project) -> None:
    """One change of each of these locked rows, by one statement."""
    changed = {"project": project, "updated_at": timezone.now()}
    keys = [one.pk for one in rows]
    cast(Any, model)._default_manager.filter(pk__one_of=keys).update(**changed, generation=F("generation") + 1)
    for one in rows:
        for field, value in {**changed, "generation": one.generation + 1}.items():
            setattr(one, field, value)
