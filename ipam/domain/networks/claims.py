"""Claims: a controller asks for addresses by a name of its own, and gets the same ones whenever it asks again."""

from django.db.models import QuerySet

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.networks import acquisition, address_rules, addresses
from ipam.models import Claim, IPAddress, Network, Project
from ipam.models.events import Verb


def claim(network: Network, *, project: Project, name: str) -> Claim:
    """The claim of this name, with a static address of every family of the network, taken now if there is none yet.

    Errors are those of `addresses.allocate`; who asks while another takes the same name gets what that one took.
    """
    try:
        return take(network, project=project, name=name)
    except errors.AlreadyExists:
        return take(network, project=project, name=name)


@operation
def take(network: Network, *, project: Project, name: str) -> Claim:
    """As `claim`, but AlreadyExists when another request has just claimed by this name."""
    addresses.require_allocation(network, project)
    known = lookups.lock_all(_named(network, project, name), no_key=True)  # its release waits, or was first
    if known:
        return known[0]
    address_rules.check_may_use(network, project)
    held = acquisition.take(network, type=IPAddress.Type.STATIC, name=name, project_id=project.pk)
    made = Claim.objects.create(network=network, project=project, name=name, allocation=held[0].allocation)
    history.record(Verb.ALLOCATE, made, after=states.of(made), begun=held)
    return made


@operation
def release(claim: Claim) -> None:
    """Give back the addresses of a claim, whose name may be claimed again; NotFound when it was released already."""
    current = lookups.get(Claim, claim.pk, lock=True)
    access.require_change(current)
    held = addresses.lock_allocation(current.allocation)
    history.record(Verb.RELEASE, current, before=states.of(current), ended=held)
    current.delete()
    acquisition.give_back(held)


def get(network: Network, *, project: Project, name: str) -> Claim:
    """The claim of this name, or NotFound."""
    known = _named(network, project, name).first()
    if known is None:
        raise errors.NotFound(
            f"Nothing of {network.pk} is claimed as “{shorten(name)}” for this project.", field="name"
        )
    return known


def _named(network: Network, project: Project, name: str) -> QuerySet[Claim]:
    return Claim.objects.filter(network=network, project=project, name=name)
