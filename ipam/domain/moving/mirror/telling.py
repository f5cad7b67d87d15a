"""What a pass has to tell: what differs and cannot be brought over, and what is held there or here and nobody's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Model

from ipam.addressing import shorten, some
from ipam.domain.core import lookups
from ipam.domain.files.outcomes import Outcome
from ipam.domain.moving.metal_stack import drift
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.mirror.plan import KINDS, Plan
from ipam.domain.moving.mirror.removing import Refused
from ipam.models import Finding, IPAddress, Machine, Network, Project
from ipam.models.base import SLUG_LENGTH
from ipam.models.managed import METAL_STACK

MAX_TOLD = 100  # findings of one pass
_LONGEST = 480  # characters
_WITH_PAGES: dict[str, type[Model]] = {"network": Network, "machine": Machine, "project": Project}
Told = dict[str, Any]  # the columns of a finding


def drifted(document: Document, outcomes: Sequence[Outcome], stayed: Iterable[Refused]) -> Iterator[Told]:
    """What cannot be read, what the rules refuse, and what is gone there and stays; of addresses by their network."""
    for section, broken in document.broken.items():
        for row in broken:
            why = " ".join(error.detail for error in row.broken)
            yield _told("mirror_drift", _kind(section), row.key, f"{row.name}: it cannot be read. {why}")
    rows = document.ips if outcomes else ()
    networks = {row.name: row.values["network"] for row in rows}
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in outcomes:
        why = " ".join(reason.detail for reason in one.reasons)
        if one.kind == "address" and one.name in networks:
            alike[networks[one.name], why].append(one.key)
        else:
            yield _told("mirror_drift", one.kind, one.key, f"It is otherwise there, and cannot be so here. {why}")
    for section, stored, error in stayed:
        if isinstance(stored, IPAddress):
            alike[stored.network_id, error.detail].append(str(stored))
        else:
            sentence = f"It has gone there, or is another, and stays here. {error.detail}"
            yield _told("mirror_drift", _kind(section), str(stored.pk), sentence, name=str(stored))
    of_network: dict[str, list[str]] = defaultdict(list)
    for (network, why), addresses in alike.items():
        of_network[network].append(f"{some(addresses)}: {why}")
    for network, sentences in of_network.items():
        yield _told(
            "mirror_drift", "network", network, f"Addresses differ there, and cannot be so here. {' '.join(sentences)}"
        )


def leaked(document: Document, plan: Plan) -> Iterator[Told]:
    """What is held without a holder: there by the lists' own contradictions and by addresses of nobody; here, and not
    there at all, by Twofold's own."""
    for find in (drift.two_owners, drift.claims_that_nobody_confirms, drift.machines_that_are_missing):
        if said := " ".join(find(document)):
            yield _told("mirror_leak", "mirror", find.__name__.replace("_", "-"), said, name=METAL_STACK)
    nobodys: dict[str, list[str]] = defaultdict(list)
    for row in document.ips:
        one = row.values
        is_somebodys = any(one[name] for name in ("machine", "labels", "tags", "name"))
        if not is_somebodys and one["type"] == IPAddress.Type.EPHEMERAL:
            nobodys[one["network"]].append(str(one["ip"]))
    for network, addresses in nobodys.items():
        said = (
            f"Ephemeral there, without machine, name or tag: {some(addresses)}. Free them there if nothing needs them."
        )
        yield _told("mirror_leak", "network", network, said)
    for network, addresses in plan.own.items():
        said = f"Held here and not there: {some(addresses)}. Release them, or have them allocated there."
        yield _told("mirror_leak_here", "network", network, said)
    carved: dict[str, list[str]] = defaultdict(list)
    for child in Network.objects.filter(managed_by="", parent__managed_by=METAL_STACK).order_by("pk"):
        carved[str(child.parent_id)].append(str(child))
    for parent, children in carved.items():
        said = f"Carved here and not there: {some(children)}. Delete them, or have them allocated there."
        yield _told("mirror_leak_here", "network", parent, said)


def bounded(told: Iterable[Told]) -> list[Told]:
    """So many that a page can be made of them, each once; what is not here has no page that it could lead to."""
    found = list({(one["code"], one["kind"], one["object_id"]): one for one in told}.values())
    kept = found[:MAX_TOLD]
    if more := len(found) - len(kept):
        kept.append(_told("mirror_drift", "mirror", "more", f"{more:,} more differ.", name=METAL_STACK))
    names: dict[tuple[str, str], str] = {}
    for kind, model in _WITH_PAGES.items():
        keys = [one["object_id"] for one in kept if one["kind"] == kind and lookups.is_id(model, one["object_id"])]
        names |= {(kind, str(key)): str(stored) for key, stored in model._default_manager.in_bulk(keys).items()}
    return [_shown(one, names.get((one["kind"], one["object_id"]))) for one in kept]


def _shown(one: Told, name: str | None) -> Told:
    if name is not None:
        return {**one, "object_name": name}
    return {
        **one,
        "kind": "mirror",
        "network_id": "",
        "object_name": one["object_name"] or one["object_id"] or METAL_STACK,
    }


def _kind(section: str) -> str:
    return KINDS[section].one if section in KINDS else "mirror"


def _told(code: str, kind: str, key: str, sentence: str, *, name: str = "") -> Told:
    severity = Finding.Severity.INFO if code == "mirror_leak" and kind == "network" else Finding.Severity.WARNING
    return {
        "code": code,
        "severity": int(severity),
        "kind": kind,
        "object_id": key[:SLUG_LENGTH],
        "object_name": name,
        "network_id": key[:SLUG_LENGTH] if kind == "network" else "",
        "sentence": shorten(sentence, _LONGEST),
    }
