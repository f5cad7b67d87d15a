"""Clusters that run already: registered as their documents say they are, and compared with them afterwards."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import lifecycle, planning, words
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import history
from ipam.domain.core.operations import operation
from ipam.models import Cluster
from ipam.models.events import Verb

# What a document may say, and what it is called where it differs.
_WORDS = ("kubernetes_version", "max_pods", "native_routing")
_RANGES = ("nodes", "pods", "services")
Said = Mapping[str, Any]  # {field: value}, as JSON has it: families by their keys, CIDRs as texts


@operation
def register(new: NewCluster, said: Said) -> Cluster:
    """Reserve a cluster that runs, in the network that its nodes are in, with the ranges of its document.

    It runs, so what it breaks of our rules is said by its warnings and refused only where it cannot be kept:
    RangesOverlap, Overlap in its VRF or below a strict super network, NodeNetworkTaken, AlreadyExists,
    FamilyNotInNetwork, masks and ranges that do not fit each other.
    """
    if new.network is None:
        raise errors.Required("Name the network that the nodes are in.", field="network")
    _check(said)
    made = lifecycle.create(replace(new, parent=None, partition=None), reserve=True, runs=True)
    made.revise(document=dict(said))
    history.record(Verb.IMPORT, made, after=lifecycle.state(made))
    return made


@operation
def compare(cluster: Cluster, said: Said) -> Cluster:
    """Keep what a newer document of a cluster says; what differs from the plan is a finding until it does no more.

    Invalid for words and numbers that no cluster can have: they are kept and shown.
    """
    _check(said)
    current = planning.lock(cluster)
    current.revise(document=dict(said))
    history.record(Verb.IMPORT, current, before={}, after={})
    return current


def differences(cluster: Cluster) -> Iterator[str]:
    """What the document of a cluster says otherwise than its plan, a sentence each."""
    said = cluster.document
    for name in _WORDS:
        planned = getattr(cluster, name)
        if name in said and not _is_same(name, said[name], planned):
            yield f"{name} is {said[name]}, and planned as {planned}"
    order = [family.key for family in cluster.address_families]
    if said.get("families", order) != order:
        yield f"families are {', '.join(said['families'])}, and planned as {', '.join(order)}"
    for name in _RANGES:
        planned = {family.key: str(cidr) for family, cidr in getattr(cluster, name).items()}
        yield from _differing(f"{name} of", said.get(name, {}), planned)
    masks = {family.key: mask for family, mask in cluster.node_mask.items()}
    yield from _differing("node mask of", said.get("node_mask", {}), masks)


def _check(said: Said) -> None:
    names = {"name", *_WORDS, "gardener_project", "gardener_version"} & said.keys()
    words.check(Cluster(**{name: said[name] for name in names}), names)
    for key, mask in said.get("node_mask", {}).items():
        if not 0 <= mask <= Family.from_key(key).bits:
            detail = f"A node mask of {Family.from_key(key).label} is from /0 to /{Family.from_key(key).bits}."
            raise errors.Invalid(detail, field="node_mask")


def _differing(what: str, said: Mapping[str, object], planned: Mapping[str, object]) -> Iterator[str]:
    for family, value in said.items():
        if value != (other := planned.get(family)):
            yield f"{what} {family} is {value}, and planned as {other or 'none'}"


def _is_same(name: str, said: object, planned: object) -> bool:
    """A version without a patch is that of any patch."""
    if name != "kubernetes_version":
        return said == planned
    pairs = zip(str(said).split("."), str(planned).split("."), strict=False)
    return all(one == other for one, other in pairs)
