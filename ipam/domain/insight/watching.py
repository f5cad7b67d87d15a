"""What alert rules look at: the values and findings of one moment, for all rules at once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from ipam.domain.insight import findings, forecasts
from ipam.domain.insight import series as all_series
from ipam.domain.insight.hysteresis import NEVER, Value
from ipam.domain.insight.loose_ends import Marks
from ipam.domain.insight.series import Reading
from ipam.domain.insight.trend import State
from ipam.domain.space import number_pools, utilization
from ipam.labels import split_label
from ipam.models import Finding, FindingMark, Network, Quota, Series
from ipam.models.alerts import Watch
from ipam.models.base import NAME_LENGTH

_ENDLESS = (State.FLAT, State.SHRINKING, State.NOT_IN_SIGHT)
# Findings that the use of a network makes.
OF_NETWORKS = ("family_nearly_full", "only_cooling_left", "no_child_fits", "few_children_left")


class Met(NamedTuple):
    """Something that rules look at, and its value; None: it is not known. A finding has none: it is there."""

    kind: str
    object_id: str
    name: str
    family: int | None
    network: Network | None
    project_id: UUID | None
    value: Value | None
    is_shared: bool = True

    @property
    def subject(self) -> str:
        """What may have one open alert of a rule; of findings that are not for everybody, each project's."""
        whose = "" if self.is_shared else f":{self.project_id}"
        return f"{self.kind}:{self.object_id}:{self.family or ''}{whose}"


@dataclass
class Watched:
    """What was seen at a moment: everything (`only` is None), or these networks and all pools and quotas."""

    at: datetime
    only: Collection[str] | None = None
    networks: dict[str, Network] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def of(self, watch: str, code: str = "") -> Iterable[Met]:
        """All that a rule with this watch looks at."""
        if watch == Watch.FINDING:
            return self._found(code)
        if watch not in self._kept:
            self._kept[watch] = list(_READ[Watch(watch)](self))
        return self._kept[watch]

    def covers(self, watch: str, code: str) -> bool:
        """Whether what is not met here is not there at all."""
        return self.only is None or watch != Watch.FINDING or code in OF_NETWORKS

    def replace(self, newer: "Watched") -> None:
        """Let what was seen of these networks later stand in the place of what was seen."""
        seen = newer.only or ()
        readings = [one for one in self.readings if one.network_id not in seen]
        found = [one for one in self.findings if one.network_id not in seen or one.code not in OF_NETWORKS]
        self.networks |= newer.networks
        self.readings, self.findings = [*readings, *newer.readings], [*found, *newer.findings]

    _kept: dict[str, Sequence[Met]] = field(default_factory=dict)

    @cached_property
    def _marks(self) -> Marks:
        return FindingMark.objects.keys()

    def _of_readings(self, value: Callable[[Reading], Value | None]) -> Iterator[Met]:
        for one in self.readings:
            network = self.networks[one.network_id]
            yield Met("network", network.pk, network.name, one.family, network, network.project_id, value(one))

    def _utilization(self) -> Iterator[Met]:
        return self._of_readings(lambda reading: reading.utilization)

    def _children_left(self) -> Iterator[Met]:
        return (met for met in self._of_readings(lambda reading: reading.available_prefixes) if met.value is not None)

    def _days_left(self) -> Iterator[Met]:
        rows = Series.objects.of_networks().order_by().values_list("network_id", "family", "state", "full_likely")
        if self.only is not None:
            rows = rows.filter(network_id__in=self.only)
        days: dict[tuple[str, int], Value | None] = {}
        for network_id, family, state, full in rows:
            endless = NEVER if state in _ENDLESS else None
            days[network_id, family] = endless if full is None else forecasts.days_until(full, self.at)
        return self._of_readings(lambda reading: days.get((reading.network_id, reading.family)))

    def _pools(self) -> Iterator[Met]:
        for pool, left in number_pools.free().items():
            yield Met("pool", str(pool), f"{pool.label} pool", None, None, None, left)

    def _quotas(self) -> Iterator[Met]:
        for one in Quota.objects.select_related("project", "network"):
            share = one.used / one.limit if one.limit else float(one.used > 0)
            name = f"{one.project}: {one}"[:NAME_LENGTH]
            yield Met("quota", str(one.pk), name, one.family, one.network, one.project_id, share, False)

    def _found(self, code: str) -> Iterator[Met]:
        """Findings with this code that nobody has snoozed or accepted."""
        for one in self.findings:
            if one.code == code and one.marked_as not in self._marks:
                network = self.networks.get(one.network_id)
                is_shared = code not in Finding.NOT_FOR_ALL
                about = (one.kind, one.object_id, one.object_name, one.family, network, one.project_id)
                yield Met(*about, None, is_shared)


_READ: Mapping[Watch, Callable[[Watched], Iterator[Met]]] = {
    Watch.UTILIZATION: Watched._utilization,
    Watch.DAYS_LEFT: Watched._days_left,
    Watch.CHILDREN_LEFT: Watched._children_left,
    Watch.POOL: Watched._pools,
    Watch.QUOTA: Watched._quotas,
}


def of_networks(keys: Collection[str], at: datetime) -> Watched:
    """Just these networks, as they are now; at most five statements."""
    networks = {one.pk: one for one in Network.objects.filter(pk__in=keys)}
    uses = utilization.of_networks(networks.values())
    found = findings.of_networks(networks.values(), uses)
    readings = all_series.of_networks(networks.values(), uses)
    return Watched(at, only=keys, networks=networks, readings=list(readings), findings=list(found))


def in_scope(scope: Mapping[str, str], met: Met) -> bool:
    """Whether a rule with this scope looks at it. What is in no network has no type, partition and label."""
    network = met.network
    for name, wanted in scope.items():
        if name == "project":
            is_so = str(met.project_id) == wanted
        elif network is None:
            is_so = False
        elif name == "network":
            is_so = network.pk == wanted
        elif name == "label":
            key, value = split_label(wanted)
            is_so = key in network.labels and value in (None, network.labels[key])
        else:
            is_so = (network.type if name == "type" else network.partition_id) == wanted
        if not is_so:
            return False
    return True
