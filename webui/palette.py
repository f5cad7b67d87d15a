"""What the search box can do besides finding: pages and verbs, by words in any order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from django.db.models import Model
from django.urls import Resolver404, resolve, reverse

from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import Permission
from ipam.domain.networks.search import Hit
from ipam.models import Cluster, IPAddress, Machine, Network, Project
from webui.choices import detail_of
from webui.context import NAVIGATION, OPERATING
from webui.verbs import OF_SPACE, VERBS, Command, Verb

MAX_SHOWN = 8
_MODELS: Mapping[str, type[Model]] = {
    "networks": Network,
    "addresses": IPAddress,
    "machines": Machine,
    "clusters": Cluster,
    "projects": Project,
}
# What people say around the thing that they mean.
_NOISE = {
    *("a", "an", "the", "of", "in", "from", "to", "for", "on", "out", "by", "at"),
    *("pair", "network", "networks", "address", "addresses", "machine", "cluster", "project", "child", "tenant"),
    *("partition", "prefix", "vrf", "vni", "as", "asn"),
}


@dataclass(frozen=True)
class Wanted:
    """What somebody typed: the verbs that it may mean, and what they are about; without any, what is sought."""

    verbs: Sequence[Verb]
    about: str


def read(text: str) -> Wanted:
    """`allocate internet ams`, `ams internet allocate`: the verbs of the first word that is one, and the rest."""
    words = text.split()
    for word in words:
        verbs = [verb for verb in VERBS if verb.is_meant(word.lower())]
        if verbs:
            others = [one for one in words if not any(verb.is_meant(one.lower()) for verb in verbs)]
            return Wanted(verbs, without_noise(" ".join(others)))
    return Wanted((), text)


def without_noise(text: str) -> str:
    """The words that name something, without those around them."""
    return " ".join(word for word in text.split() if word.lower() not in _NOISE)


def of_hits(wanted: Wanted, hits: Sequence[Hit], prefixes: Mapping[str, Sequence[str]]) -> list[tuple[Hit, Command]]:
    """The verbs that were typed, done to what was found, as far as they are granted; a statement for each kind.

    Networks are told apart by their `prefixes`.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for kind in {verb.kind for verb in wanted.verbs}:
        keys = {_key(hit, kind) for hit in hits} - {""}
        found[kind] = {str(one.pk): one for one in _visible(kind).filter(pk__in=keys)} if keys else {}
    commands: dict[tuple[Verb, str], tuple[Hit, Command]] = {}
    for hit, verb in product(hits, wanted.verbs):
        key = _key(hit, verb.kind)
        is_of_space = hit.kind == "prefixes"
        one = found[verb.kind].get(key)
        if one is not None and verb.is_offered(one) and (verb.page in OF_SPACE or not is_of_space):
            command = replace(
                verb.on(one, wanted.about if is_of_space else ""),
                detail=" · ".join(prefixes.get(key, ())) or _told(one),
            )
            commands.setdefault((verb, key), (hit, command))
    return list(commands.values())


def _told(one: Any) -> str:
    return " · ".join(filter(None, (one.name, str(one.project)))) if isinstance(one, IPAddress) else detail_of(one)


def _key(hit: Hit, kind: str) -> str:
    """The id of what a hit is, or of the network that a prefix is of; empty where it is none of this kind."""
    if kind == "networks" and hit.kind in ("networks", "prefixes"):
        return hit.network
    return hit.id if hit.kind == kind else ""


def _visible(kind: str) -> Any:
    objects = _MODELS[kind]._default_manager.all()
    return access.visible(objects if kind == "projects" else objects.select_related("project"))


def commands(text: str) -> list[Command]:
    """General verbs, then pages, that have each of these words, all of them for none: first those that begin so.

    A verb without a thing is among them, unless a general one asks for the thing itself.
    """
    words = text.lower().split()
    wanted = read(text)
    chosen = [] if wanted.about else [_choosing(verb) for verb in wanted.verbs]
    found = [one for one in (*_general(), *_pages()) if one.has(words)]
    chosen = [one for one in chosen if not any(one.text.startswith(general.text) for general in found)]
    return sorted(found, key=lambda one: not one.text.lower().startswith(text.lower())) + chosen


def _choosing(verb: Verb) -> Command:
    """A verb without a thing leads to where things are chosen."""
    return Command(f"{verb.text} …", reverse(verb.kind), verb.icon, detail=f"type which, or choose of all {verb.kind}")


def of_page(path: str) -> list[Command]:
    """What can be done to the thing that a page is about; one statement."""
    try:
        page = resolve(path)
    except Resolver404:
        return []
    kind, key = page.kwargs.get("section") or page.route.partition("/")[0], page.kwargs.get("pk")
    if kind not in _MODELS or not lookups.is_id(_MODELS[kind], key):
        return []
    one = _visible(kind).filter(pk=key).first()
    return [verb.on(one) for verb in VERBS if verb.kind == kind and one is not None and verb.is_offered(one)]


def _general() -> Iterator[Command]:
    who = access.current()
    if who.may_anywhere(Permission.ALLOCATE):
        yield Command("Allocate a machine", reverse("allocate-machine"), "machine", "take new")
        yield Command("Plan a cluster", reverse("create-cluster"), "cluster", "new kubernetes")
        yield Command("Register a cluster that runs", reverse("register-cluster"), "cluster", "import new kubernetes")
        yield Command("Complete halves of pairs", reverse("complete-all"), "plus", "all missing ipv6 findings")
    if who.may(Permission.OPERATE):
        yield Command("New network", reverse("create-network"), "net", "create add make")
        yield Command("New project", reverse("registry-create", args=["projects"]), "folder", "create add make tenant")
        yield Command("New partition", reverse("registry-create", args=["partitions"]), "site", "create add make")
        yield Command("New VRF", reverse("registry-create", args=["vrfs"]), "vrf", "create add make")
        yield Command("New alert rule", reverse("create-alert-rule"), "bell", "create add make")
    yield Command("New token", reverse("tokens"), "key", "create add make api")
    if who.may_anywhere(Permission.MANAGE):
        yield Command("New webhook", reverse("create-webhook"), "hook", "create add make")
    yield Command("What runs out first", reverse("soonest"), "clock", "soonest full forecast when days left")
    yield Command("Change password", reverse("change-password"), "user", "account")


def _pages() -> list[Command]:
    groups = [*NAVIGATION, OPERATING] if access.current().may(Permission.OPERATE) else NAVIGATION
    return [Command(text, reverse(name), icon, "go to page") for _, group in groups for name, text, icon in group]
