"""Plans of clusters as a table."""

from typing import Any

from ipam import errors
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import lookups
from ipam.domain.files import cells
from ipam.domain.files.columns import LABELS, PROJECT, Kind, Values, by_key, column, filled, reference, texts
from ipam.domain.files.known import Known
from ipam.models import Cluster, Network, Project
from ipam.models.clusters import CLUSTER_NAME_LENGTH, FamilyOrder, Platform, PodIpam


def _create(values: Values, known: Known) -> Cluster:
    """A draft or a reserved cluster; one that was released is no plan any more."""
    if values.get("state") == Cluster.State.RELEASED:
        raise errors.WrongState(
            "A cluster that was released is not made again. Leave its row out; a backup document has it.", field="state"
        )
    given = _in_words_of_plans(filled(values))
    key, state = given.pop("id", None), given.pop("state", Cluster.State.DRAFT)
    if given.get("service_cidrs") and state != Cluster.State.RESERVED:
        raise errors.WrongState("A reserved cluster alone has further services. Reserve it too.", field="service_cidrs")
    given["project"] = known.get(Project, given.get("project"), field="project")
    given["network"] = known.get(Network, given.get("network"), field="network")
    new = NewCluster(**{"name": "", **given})
    return lifecycle.create(new, id=key, reserve=state == Cluster.State.RESERVED)


def _in_words_of_plans(values: Values) -> dict[str, Any]:
    order, seed = values.get("families"), values.get("seed")
    said = {"families": FamilyOrder(order).families} if order else {}
    named = {"seed": lookups.get(Cluster, seed, field="seed")} if seed else {}
    return {**values, **said, **named}


def _seeds_first(values: Values) -> int:
    """Whoever names a seed comes after it; a seed may have one itself."""
    return 2 - bool(values.get("is_seed")) if values.get("seed") else 0


CLUSTERS = Kind(
    "clusters", "cluster",
    (
        column("id", cells.uuid), *texts(Cluster), PROJECT, reference("network"),
        column("state", cells.choice(*Cluster.State.values)),
        column("platform", cells.choice(*Platform.values), may_change=True),
        column("kubernetes_version", cells.text(8), may_change=True),
        column("families", cells.choice(*FamilyOrder.values), may_change=True),
        column("pods", cells.ranges, may_change=True), column("services", cells.ranges, may_change=True),
        column("service_cidrs", lambda cell: sorted(cells.cidrs(cell))),
        column("node_mask", cells.lengths, may_change=True), column("max_pods", cells.number, may_change=True),
        column("wanted_nodes", cells.number, may_change=True),
        column("native_routing", cells.flag, may_change=True),
        column("ipam", cells.choice(*PodIpam.values), may_change=True),
        column("max_surge", cells.number, may_change=True),
        column("gardener_project", cells.text(CLUSTER_NAME_LENGTH), may_change=True),
        column("gardener_version", cells.text(11), may_change=True), column("is_seed", cells.flag, may_change=True),
        column("seed", cells.uuid, of="seed_id", may_change=True), LABELS,
    ),
    by_key(Cluster), _create, lambda row, changes: lifecycle.update(row, **_in_words_of_plans(changes)),
    Cluster.objects.with_plan, ("name", "pk"), turn=_seeds_first,
)  # fmt: skip
