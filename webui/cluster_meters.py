"""How full a cluster is, and whether it will come up, as people read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ipam.addressing import Family, utilization
from ipam.domain.clusters.plan import Capacity, FamilyCapacity
from ipam.domain.clusters.plan_warnings import PlanWarning
from ipam.wording import count_of
from webui.meters import Bar, humanize

_CUTS_OFF = {"pods_not_announcable"}  # what leaves a cluster that comes up without its pods


@dataclass(frozen=True)
class Concern:
    """A warning with a title: what keeps a cluster from coming up is bad, what its pods miss a warning, else a note."""

    said: PlanWarning

    @property
    def title(self) -> str:
        words = self.said.code.replace("_", " ").replace("vrf", "VRF").replace("dual stack", "dual-stack")
        return words[0].upper() + words[1:]

    @property
    def state(self) -> str:
        return "bad" if self.said.issues else "warn" if self.said.code in _CUTS_OFF else "none"

    @property
    def hinders(self) -> bool:
        """Whether the cluster does not do what it was planned for."""
        return self.state != "none"


def concerns(warnings: Iterable[PlanWarning]) -> list[Concern]:
    """The warnings of a plan, the worst first."""
    return sorted(map(Concern, warnings), key=lambda one: ("bad", "warn", "none").index(one.state))


def outlook(found: Iterable[Concern]) -> str:
    """Whether a cluster will come up, as far as is known."""
    states = {one.state for one in found}
    if "bad" in states:
        return "It will not come up yet"
    return "It comes up, but its pods are cut off" if "warn" in states else "Nothing known keeps it from coming up"


@dataclass(frozen=True)
class NodeMeter(Bar):
    """How many nodes of one family are there, drawn like the use of a network."""

    limit: FamilyCapacity
    used: int

    @property
    def room(self) -> int:
        return max(self.limit.nodes, 0)

    @property
    def address_family(self) -> Family:
        return self.limit.family

    @property
    def share(self) -> float:
        return min(utilization(self.used, self.room), 1.0)

    @property
    def state_text(self) -> str:
        return {"full": "■ full", "warn": "▲ filling up"}.get(self.state, "")

    @property
    def left_text(self) -> str:
        return f"{self.used:,} of {humanize(self.room)} nodes"

    @property
    def exact(self) -> str:
        """For hovering and screen readers."""
        blocks = self.limit.nodes_by_pods
        pods = "" if blocks is None else f" and {blocks:,} by the pods"
        have = count_of(self.used, "node has", "nodes have")
        return f"{self.label}: {have} an address; room for {self.limit.nodes_by_network:,} by the node network{pods}."


def node_meters(capacity: Capacity, used: Mapping[Family, int]) -> dict[Family, NodeMeter]:
    """A meter for each family, the primary first."""
    return {one.family: NodeMeter(one, used.get(one.family, 0)) for one in capacity.families}


def verdict(capacity: Capacity) -> str:
    """The answer to the first question: how many nodes fit, and what runs out first."""
    nodes = f"Room for {humanize(capacity.nodes)} node{'' if capacity.nodes == 1 else 's'}"
    family = f"{capacity.family.label} " if len(capacity.families) > 1 else ""
    what = f"the {family}node network runs out first" if capacity.reason == "nodes" else f"{family}pods run out first"
    return f"{nodes}; {what}"
