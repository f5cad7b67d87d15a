"""Where pages are. A list links to hundreds of them, so what stands around their ids is looked up once."""

from functools import cache
from urllib.parse import quote, urlencode
from uuid import UUID

from django.urls import get_script_prefix, reverse
from django.utils.http import RFC3986_SUBDELIMS

from ipam.models import Event
from ipam.models.events import Kind, Verb

_OWN_PAGES = ("network", "address", "machine", "cluster", "webhook")
_SECTIONS = {"project": "projects", "partition": "partitions", "vrf": "vrfs"}
_GONE = (Verb.DELETE, Verb.RELEASE)
_SAMPLE = str(UUID(int=0))  # a page of every kind may have this id


def link(name: str, *args: object) -> str:
    """What `reverse` answers for a page of which the last argument is the id."""
    *before, key = args
    start, end = _around(get_script_prefix(), name, *before)
    return f"{start}{quote(str(key), safe=f'{RFC3986_SUBDELIMS}/~:@')}{end}"


def page_of(kind: str, key: str, project: object = None) -> str:
    """The page of an object, where what a finding or an alert says of it is mended; empty where there is none."""
    if kind == "pool":
        return reverse("vrfs" if key == "vrf" else "machines")
    if kind == "quota":
        return link("registry-detail", "projects", project)
    if kind in _SECTIONS:
        return link("registry-detail", _SECTIONS[kind], key)
    return link(kind, key) if kind in _OWN_PAGES else ""


def state_of(address: object, namespace: object = None, *, of: str = "address-state", at: str = "") -> str:
    """The page of an address, or a block, that nobody need hold, as it is or was in a namespace, if in one."""
    asked = {name: value for name, value in (("namespace", namespace), ("at", at)) if value}
    return link(of, address) + (f"?{urlencode(asked, safe=':')}" if asked else "")


def page_of_event(event: Event) -> str:
    """The page of what an event is about, unless that went with it; of addresses, held or free, that of the first."""
    if event.kind == Kind.ADDRESS:
        namespace = getattr(event, "namespace_id", None)  # where `timelines.with_names` has looked it up
        return state_of(event.first_addresses[0], namespace) if event.first_addresses else ""
    if event.verb in _GONE or not event.object_id:
        return ""
    return page_of(event.kind, event.object_id, event.project_id)


@cache
def _around(script_prefix: str, name: str, *before: object) -> tuple[str, str]:
    start, _, end = reverse(name, args=[*before, _SAMPLE]).rpartition(_SAMPLE)
    return start, end
