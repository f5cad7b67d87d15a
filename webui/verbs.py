"""What can be done to things of a kind, by what people call it: the verbs of the search box."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.links import link
from ipam.models import Network

_MIN_BEGUN = 4  # letters of a verb that is not written out


@dataclass(frozen=True)
class Command:
    """Something that can be done here by whoever looks, or a page; `words` find it besides its name."""

    text: str
    link: str
    icon: str
    words: str = ""
    detail: str = ""

    def has(self, words: Iterable[str]) -> bool:
        """Whether each of these words is in its name, or finds it."""
        return all(word in f"{self.text} {self.words}".lower() for word in words)


@dataclass(frozen=True)
class Verb:
    """What can be done to things of a kind, where it is granted; any of `words` means it. `page` is told the place in
    address space that was typed, if any."""

    kind: str
    text: str
    words: str
    icon: str
    page: Callable[[Any, str], str]
    is_offered: Callable[[Any], bool]

    def is_meant(self, word: str) -> bool:
        """Whether this word means it, written out or begun."""
        return any(word == one or (len(word) >= _MIN_BEGUN and one.startswith(word)) for one in self.words.split())

    def on(self, one: Any, at: str = "") -> Command:
        """It, done to one thing."""
        text = self.text.replace(" ", f" {at} ", 1) if at and at in self.page(one, at) else self.text
        return Command(f"{text} {one}", self.page(one, at), self.icon)


def _at(name: str, *before: str, key: str = "pk") -> Callable[[Any, str], str]:
    return lambda one, at: link(name, *before, getattr(one, key))


def _allocate(network: Network, at: str) -> str:
    return link("allocate", network.pk) + (f"?ip={at}" if at and "/" not in at else "")


def _carve(network: Network, at: str) -> str:
    return link("carve", network.pk) + (f"?prefixes={at}" if "/" in at else "")


_map = _at("map")
OF_SPACE = (_allocate, _carve, _map)  # what is done to the network of a prefix that an address was found in


def _gives_addresses(network: Network) -> bool:
    return not network.is_super and access.may_take_from(network)


def _gives_children(network: Network) -> bool:
    return network.is_super and access.may_take_from(network)


def _holds_clusters(network: Network) -> bool:
    return network.is_child and access.may_take_from(network)


def may_grow(network: Network) -> bool:
    """Whether whoever looks may add a prefix to it; a child grows by carving."""
    return not network.is_child and access.may_change(network)


def _is_described(network: Network) -> bool:
    return access.may_change(network, access.DESCRIBING)


def _always(one: Any) -> bool:
    return True


def _operates(one: Any) -> bool:
    return access.current().may(Permission.OPERATE)


VERBS: Sequence[Verb] = (
    Verb("networks", "Allocate from", "allocate take give pair", "plus", _allocate, _gives_addresses),
    Verb("networks", "Carve out of", "carve", "scissors", _carve, _gives_children),
    Verb("networks", "Map of", "map picture", "map", _map, _always),
    Verb("networks", "History of", "history forecast chart", "clock", _at("network-history"), _always),
    Verb("networks", "Plan a cluster in", "plan kubernetes", "cluster",
         lambda one, at: f"{reverse('create-cluster')}?network={one.pk}", _holds_clusters),
    Verb("networks", "Ranges of", "ranges reserve", "in", _at("ranges"), _always),
    Verb("networks", "Edit", "edit change rename", "gear", _at("edit-network"), _is_described),
    Verb("networks", "Add a prefix to", "add extend", "plus", _at("add-prefix"), may_grow),
    Verb("networks", "Move", "move", "out", _at("move-network"), access.may_change),
    Verb("networks", "Delete", "delete remove", "x", _at("delete-network"), access.may_change),
    Verb("addresses", "Release", "release", "x", _at("release", key="allocation"), access.may_change),
    Verb("addresses", "Edit", "edit change rename", "gear", _at("edit-address"), access.may_change),
    Verb("addresses", "Attach", "attach hand", "machine", _at("attach-address"), access.may_change),
    Verb("addresses", "Move", "move", "out", _at("move-allocation", key="allocation"), access.may_change),
    Verb("machines", "Edit", "edit change rename", "gear", _at("edit-machine"), access.may_change),
    Verb("machines", "Release", "release", "x", _at("release-machine"), access.may_change),
    Verb("clusters", "Documents of", "documents manifests yaml", "code", _at("cluster-documents"), _always),
    Verb("clusters", "Edit", "edit change rename", "gear", _at("edit-cluster"), access.may_change),
    Verb("clusters", "Release", "release", "x",
         lambda one, at: reverse("act-on-cluster", args=[one.pk, "release"]), access.may_change),
    Verb("projects", "Members of", "members people invite role", "user", _at("members"), _always),
    Verb("projects", "Edit", "edit change rename", "gear", _at("registry-edit", "projects"), access.may_change),
    Verb("projects", "New quota for", "quota limit", "plus", _at("create-quota"), _operates),
)  # fmt: skip
