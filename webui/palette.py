"""What the search box can do besides finding: pages and verbs, by words in any order."""

from dataclasses import dataclass

from django.urls import reverse

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import search
from ipam.links import link
from ipam.models import Network
from webui.context import NAVIGATION, OPERATING

_MAX_SHOWN = 6


@dataclass(frozen=True)
class Deed:
    """Something that can be done, or a page; `words` find it besides its name."""

    text: str
    link: str
    icon: str
    words: str = ""


# What can be done with a network that is named beside it: the verb, the page, the icon, other words for it.
_VERBS = (
    ("Allocate from", "allocate", "plus", "allocate take pair address"),
    ("Carve out of", "carve", "scissors", "carve child"),
    ("Map of", "map", "map", "map picture"),
    ("Edit", "edit-network", "gear", "edit change"),
)
_OF_SUPERS = {"carve"}
_WITHOUT_SUPERS = {"allocate"}


def deeds(text: str) -> list[Deed]:
    """Verbs first, then pages: those that have each of these words, all of them for none."""
    words = text.lower().split()
    every = [*_general(), *_pages()]
    named = [one for one in every if all(word in f"{one.text} {one.words}".lower() for word in words)]
    return [*_of_networks(words), *named][:_MAX_SHOWN]


def _general() -> list[Deed]:
    who = access.current()
    found = []
    if who.may_anywhere(Permission.ALLOCATE):
        found += [
            Deed("Allocate a machine", reverse("allocate-machine"), "machine", "take new"),
            Deed("Plan a cluster", reverse("create-cluster"), "cluster", "new kubernetes"),
        ]
    if who.may(Permission.OPERATE):
        found.append(Deed("New network", reverse("create-network"), "net", "create add"))
    return found


def _pages() -> list[Deed]:
    groups = [*NAVIGATION, OPERATING] if access.current().may(Permission.OPERATE) else NAVIGATION
    return [Deed(text, reverse(name), icon, "go to page") for _, group in groups for name, text, icon in group]


def _of_networks(words: list[str]) -> list[Deed]:
    """`allocate internet-ams`: the verb of the first word that is one, with the networks that the others find."""
    verb = next((verb for verb in _VERBS if words and words[0] in verb[3].split()), None)
    rest = " ".join(words[1:])
    if verb is None or not rest:
        return []
    text, page, icon, _ = verb
    keys = [hit.network for hit in search.find(rest, limit=_MAX_SHOWN) if hit.kind == "networks"]
    found = {one.pk: one for one in Network.objects.filter(pk__in=keys)}
    return [
        Deed(f"{text} {found[key]}", link(page, key), icon)
        for key in keys
        if key in found and not (page in _OF_SUPERS and not found[key].is_super)
        if not (page in _WITHOUT_SUPERS and found[key].is_super)
    ]
