"""Findings of the last survey, judged again when they are shown."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Model

from ipam.domain.core import access, same_names
from ipam.domain.core.same_names import BETWEEN
from ipam.domain.insight import findings
from ipam.domain.insight.watching import OF_NETWORKS
from ipam.domain.space import utilization
from ipam.models import Cluster, Finding, Machine, Network, Project

_TOLD_APART: Mapping[str, type[Model]] = {
    "network": Network,
    "machine": Machine,
    "cluster": Cluster,
    "project": Project,
}
MAX_JUDGED = 50  # of a page; a longer one is as of the survey


def judged_again(rows: Sequence[Finding]) -> list[Finding]:
    """These findings without what is better by now, and with what is so at this moment, in their order; each knows its
    network.

    That is what the use of networks says; all else is as it was surveyed. At most four statements, none without such.
    """
    keys = {one.network_id for one in rows if one.network_id and one.pk}
    if not keys or len(rows) > MAX_JUDGED:
        return list(rows)
    networks = Network.objects.in_bulk(keys)
    asked = [networks[key] for key in {one.network_id for one in rows if _is_live(one)} if key in networks]
    live = {one.key: one for one in findings.of_networks(asked, utilization.of_networks(asked))} if asked else {}
    current = [one for row in rows if (one := live.get(row.key) if _is_live(row) else row) is not None]
    for one in current:
        one.network = networks.get(one.network_id)
    return current


def _is_live(one: Finding) -> bool:
    """Whether it is stored, and what is so at this moment is said by the use of its network."""
    return one.code in OF_NETWORKS and one.pk is not None


def names_of(rows: Sequence[Finding]) -> list[str]:
    """What each of these findings is about, as people read it: equal names told apart (`same_names`), networks of one
    project by their partition. One statement; for who sees a few projects only where two of these are called alike.
    """
    things: dict[type[Model], dict[str, str]] = defaultdict(dict)
    for one in rows:
        if one.kind in _TOLD_APART and one.object_name:
            things[_TOLD_APART[one.kind]][one.object_id] = one.object_name
    named = [name for of_kind in things.values() for name in of_kind.values()]
    texts = same_names.names_of(things) if access.current().sees_everything or len(set(named)) < len(named) else {}
    plain = [one.object_name or one.object_id for one in rows]
    keys = [(_TOLD_APART.get(one.kind, Finding), one.object_id) for one in rows]
    return [_placed(one, texts.get(key, name)) for one, key, name in zip(rows, keys, plain, strict=True)]


def _placed(one: Finding, text: str) -> str:
    """The text, with the partition in place of an id where the network is at hand and in one."""
    place = one.network.partition_id if one.kind == "network" and one.network else None
    return f"{text.removesuffix(one.object_id)}{place}" if place and one.object_id in text.split(BETWEEN)[1:] else text
