"""What the search box can do besides finding: pages and verbs, by words in any order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from django.db.models import Q
from django.urls import reverse

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.links import link
from ipam.models import Network
from ipam.models.base import MAX_WORDS
from webui.context import NAVIGATION, OPERATING

_MAX_SHOWN, _MAX_READ = 6, 50


@dataclass(frozen=True)
class Command:
    """Something that can be done here by whoever looks, or a page; `words` find it besides its name."""

    text: str
    link: str
    icon: str
    words: str = ""


def _gives_addresses(network: Network) -> bool:
    return not network.is_super and access.may_take_from(network)


def _gives_children(network: Network) -> bool:
    return network.is_super and access.may_take_from(network)


def _may_be_edited(network: Network) -> bool:
    return access.may_change(network, access.DESCRIBING)


# What can be done with networks: the verb, the page, the icon, other words for it, and with which ones it is offered.
_VERBS: Sequence[tuple[str, str, str, str, Callable[[Network], bool]]] = (
    ("Allocate from", "allocate", "plus", "allocate take pair address", _gives_addresses),
    ("Carve out of", "carve", "scissors", "carve child", _gives_children),
    ("Map of", "map", "map", "map picture", lambda network: True),
    ("Edit", "edit-network", "gear", "edit change", _may_be_edited),
)


def commands(text: str) -> list[Command]:
    """Verbs first, then pages: those that have each of these words, all of them for none."""
    words = text.lower().split()
    every = [*_general(), *_pages()]
    named = [one for one in every if all(word in f"{one.text} {one.words}".lower() for word in words)]
    return [*_of_networks(words), *named][:_MAX_SHOWN]


def _general() -> list[Command]:
    who = access.current()
    found = []
    if who.may_anywhere(Permission.ALLOCATE):
        found += [
            Command("Allocate a machine", reverse("allocate-machine"), "machine", "take new"),
            Command("Plan a cluster", reverse("create-cluster"), "cluster", "new kubernetes"),
        ]
    if who.may(Permission.OPERATE):
        found.append(Command("New network", reverse("create-network"), "net", "create add"))
    return found


def _pages() -> list[Command]:
    groups = [*NAVIGATION, OPERATING] if access.current().may(Permission.OPERATE) else NAVIGATION
    return [Command(text, reverse(name), icon, "go to page") for _, group in groups for name, text, icon in group]


def _of_networks(words: list[str]) -> Iterator[Command]:
    """`allocate internet-ams`: the verb of the first word that is one, with the networks that the others find."""
    verb = next((verb for verb in _VERBS if words and words[0] in verb[3].split()), None)
    if verb is None or len(words) == 1:
        return
    text, page, icon, _, is_offered = verb
    found = [one for one in _called(words[1:]) if is_offered(one)]
    for one in found[:_MAX_SHOWN]:
        yield Command(f"{text} {one}", link(page, one.pk), icon)


def _called(words: list[str]) -> list[Network]:
    """The networks with these words, first those that are called just so; a statement for each."""
    just_so = Q(pk__iexact=" ".join(words)) | Q(name__iexact=" ".join(words))
    having = reduce(lambda found, word: found.with_text(word), words[:MAX_WORDS], Network.objects.all())
    exact, others = (
        access.visible(one).order_by("pk")[:_MAX_READ] for one in (Network.objects.filter(just_so), having)
    )
    return list({one.pk: one for one in [*exact, *others]}.values())
