"""Bring a document of metal-stack into Twofold: through the operations of the domain, all of it or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import parse_cidr
from ipam.domain import addresses, history, lookups, networks, owners
from ipam.domain.metal_stack import AddressEntry, Document, NetworkEntry, PartitionEntry, ProjectEntry
from ipam.domain.network_rules import NewNetwork
from ipam.domain.operations import operation
from ipam.models import IPAddress, Network, Partition, Project
from ipam.models.events import Kind, Verb

CREATED, UNCHANGED = "created", "unchanged"
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: of which kind it is, its id or address, `created` or `unchanged`, and what was made."""

    kind: str
    id: str
    state: str
    made: models.Model | None = None


class _RefersToBroken(Exception):
    """The entry needs another of the same document that could not be brought in, which has its own error."""


@operation
def bring_in(document: Document) -> list[Outcome]:
    """Create what the document names and is not there yet; what is there already and equal is left alone.

    Everything that is wrong, in the text or with the state of the world, is raised together, and then nothing is
    kept. An entry that exists with other values is an error that names the fields.
    """
    broken = list(document.broken)
    outcomes = [
        outcome
        for entries, bring in _steps(document)
        for entry in entries
        if (outcome := _try(bring, entry, document, broken)) is not None
    ]
    errors.raise_all(broken)
    _record([outcome for outcome in outcomes if outcome.state == CREATED])
    return outcomes


def _steps(document: Document) -> list[tuple[list[Any], Callable[[Any, Document], Outcome]]]:
    """What others refer to comes first."""
    return [
        (document.partitions, _bring_partition),
        (document.projects, _bring_project),
        (document.networks, _bring_network),
        (document.ips, _bring_address),
    ]


def _try(
    bring: Callable[[Any, Document], Outcome], entry: Any, document: Document, broken: list[errors.IpamError]
) -> Outcome | None:
    """Bring in one entry; what refuses it is kept with its place, so that the next entry is judged too."""
    try:
        return bring(entry, document)
    except errors.IpamError as error:
        broken += [type(one)(f"{entry.place}: {one.detail}", field=one.field) for one in error.errors]
    except _RefersToBroken:
        pass
    return None


def _bring_partition(entry: PartitionEntry, document: Document) -> Outcome:
    wanted: dict[str, Any] = {"name": entry.name, "description": entry.description, "labels": entry.labels}
    found = Partition.objects.filter(pk=entry.id).first()
    if found is not None:
        _refuse_difference(vars(found), wanted)
        return Outcome("partition", entry.id, UNCHANGED)
    owners.create_partition(id=entry.id, **wanted)
    return Outcome("partition", entry.id, CREATED)


def _bring_project(entry: ProjectEntry, document: Document) -> Outcome:
    wanted: dict[str, Any] = {
        "name": entry.name,
        "tenant": entry.tenant,
        "description": entry.description,
        "labels": entry.labels,
    }
    found = Project.objects.filter(pk=entry.id).first()
    if found is not None:
        _refuse_difference(vars(found), wanted)
        return Outcome("project", str(entry.id), UNCHANGED)
    owners.create_project(id=entry.id, **wanted)
    return Outcome("project", str(entry.id), CREATED)


def _bring_network(entry: NetworkEntry, document: Document) -> Outcome:
    wanted: dict[str, Any] = {
        "type": entry.type,
        "name": entry.name,
        "description": entry.description,
        "labels": entry.labels,
        "partition": _find(Partition, entry.partition, document, "partitions") if entry.partition else None,
        "project": _find(Project, entry.project, document, "projects") if entry.project else None,
        "prefixes": sorted(entry.prefixes, key=lambda cidr: cidr.version),
        "destination_prefixes": entry.destination_prefixes,
        "default_child_prefix_length": entry.default_child_prefix_length,
        "additional_announcable_cidrs": entry.additional_announcable_cidrs,
        "vrf": entry.vrf,
        "vrf_shared": entry.vrf_shared,
        "nat_type": entry.nat_type,
    }
    found = Network.objects.filter(pk=entry.id).first()
    if found is not None:
        _refuse_difference(_stored_values(found), wanted)
        return Outcome("network", entry.id, UNCHANGED)
    return Outcome("network", entry.id, CREATED, networks.create(NewNetwork(id=entry.id, **wanted)))


def _bring_address(entry: AddressEntry, document: Document) -> Outcome:
    network = _find(Network, entry.network, document, "networks")
    project = _find(Project, entry.project, document, "projects")
    wanted: dict[str, Any] = {
        "type": entry.type,
        "name": entry.name,
        "description": entry.description,
        "labels": entry.labels,
    }
    found = IPAddress.objects.filter(address=entry.address, namespace=None).first()
    if found is not None:
        stored = vars(found) | {"network": found.network, "project": found.project}
        _refuse_difference(stored, {"network": network, "project": project, **wanted})
        return Outcome("address", str(entry.address), UNCHANGED)
    (made,) = addresses.allocate(network, project=project, addresses=[entry.address], **wanted)
    return Outcome("address", str(entry.address), CREATED, made)


def _record(created: Sequence[Outcome]) -> None:
    """One event for all of it, which the timelines of these networks and addresses show."""
    if not created:
        return
    ids: dict[str, list[str]] = {}
    for outcome in created:
        ids.setdefault(outcome.kind, []).append(outcome.id)
    history.write(
        Verb.IMPORT,
        Kind.INSTALLATION,
        count=len(created),
        changes={kind: [[], made] for kind, made in ids.items()},
        holders=[
            *history.groups(history.taken(one.made for one in created if isinstance(one.made, IPAddress))),
            *history.joined(one.made.pk for one in created if isinstance(one.made, Network)),
        ],
    )


def _find(model: type[M], key: str, document: Document, section: str) -> M:
    """What an entry refers to."""
    try:
        return lookups.get(model, key)
    except errors.NotFound:
        if (section, key) in document.named:
            raise _RefersToBroken from None
        raise


def _refuse_difference(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """An entry that is there already has to be as the document says."""
    differing = [name for name, value in wanted.items() if stored[name] != value]
    if differing:
        raise errors.AlreadyExists(
            f"it exists with another value of {', '.join(differing)}. Change it here or in the document, so that both "
            "agree."
        )


def _stored_values(network: Network) -> dict[str, Any]:
    """Values of a network in the form in which the document has them."""
    return vars(network) | {
        "partition": network.partition,
        "project": network.project,
        "default_child_prefix_length": network.default_child_prefix_length,
        "prefixes": [prefix.cidr for prefix in network.prefixes.in_order()],
        "destination_prefixes": _cidrs(network.destination_prefixes),
        "additional_announcable_cidrs": _cidrs(network.additional_announcable_cidrs),
        "vrf": network.vrf_id,
    }


def _cidrs(texts: list[str]) -> list[IPNetwork]:
    return [parse_cidr(text) for text in texts]
