"""VRFs: made by hand, named by a network, or drawn from the pool; and back."""

from typing import Any

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import Pool
from ipam.models import VRF, Network
from ipam.models.events import Verb
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI


@operation
def create(*, id: int, name: str = "", description: str = "", labels: dict[str, str] | None = None) -> VRF:
    """A VRF made by hand: it stays when its last network goes. `id` is the VNI, 1..16777215 (24 bits, RFC 7348).

    Invalid outside of that, AlreadyExists if there is one.
    """
    access.require(Permission.OPERATE)
    _check_vni(id, field="id")
    if VRF.objects.filter(pk=id).exists():
        raise errors.AlreadyExists(f"There is already a VRF {id}. Choose another VNI, or change that one.", field="id")
    number_pools.acquire_exactly(Pool.VRF, id)
    vrf = VRF.objects.create(pk=id, name=name, description=description, labels=labels or {}, kept=True)
    history.record(Verb.CREATE, vrf, after=states.of(vrf))
    return vrf


@operation
def update(vrf: VRF, **changes: Any) -> VRF:
    """Change name, description or labels; Forbidden for all but operators, NotFound when it has gone."""
    access.require(Permission.OPERATE)
    return history.revise(lookups.get(VRF, vrf.pk, lock=True), **changes)


@operation
def delete(vrf: VRF) -> None:
    """Remove a VRF that no network uses; its VNI returns to the pool. InUse otherwise."""
    access.require(Permission.OPERATE)
    current = lookups.get(VRF, vrf.pk, lock=True)
    users = list(current.networks.values_list("pk", flat=True)[:3])
    if users:
        raise errors.InUse(f"VRF {current.pk} is used by network {users[0]}. Delete its networks first.")
    history.record(Verb.DELETE, current, before=states.of(current))
    _remove(current)


def claim(vni: int, *, shared: bool) -> VRF:
    """The VRF that a network names (rule 7), made if it does not exist yet.

    VrfInUse if another network names it too, unless all of them say that they share it. A child that inherits
    it from its parent is no user of its own.
    """
    _check_vni(vni, field="vrf")
    vrf = _lock_or_make(vni)
    users = list(Network.objects.declaring_vrf(vrf))
    if users and not (shared and all(user.vrf_shared for user in users)):
        raise errors.VrfInUse(
            f"VRF {vni} belongs to network {users[0].pk}. Choose another VNI, or say vrf_shared on all networks in it.",
            field="vrf",
        )
    return vrf


def draw() -> VRF:
    """A VRF from the pool, the lowest free VNI of 1..131072. VrfExhausted if none is left."""
    try:
        return VRF.objects.create(pk=number_pools.acquire(Pool.VRF))
    except number_pools.PoolEmpty:
        raise errors.VrfExhausted(
            "Every VNI of the pool is taken. Delete networks, or name a VNI above 131072."
        ) from None


def give_up(vrf: VRF) -> None:
    """Remove a VRF that its last network has left, unless it was made by hand."""
    vrf = VRF.objects.select_for_update().get(pk=vrf.pk)
    if not vrf.kept and not vrf.networks.exists():
        _remove(vrf)


def _lock_or_make(vni: int) -> VRF:
    """The VRF, locked, and its number no longer free. Numbers are locked first and VRFs second, as drawing does.

    Whoever held the VRF may have removed it with its last network: then look again.
    """
    vrf: VRF | None = None
    while vrf is None:
        number_pools.acquire_exactly(Pool.VRF, vni)
        VRF.objects.get_or_create(pk=vni)
        vrf = VRF.objects.select_for_update(no_key=True).filter(pk=vni).first()
    number_pools.acquire_exactly(Pool.VRF, vni)  # it may have been given back between our two looks
    return vrf


def _remove(vrf: VRF) -> None:
    number_pools.release(Pool.VRF, vrf.pk)
    vrf.delete()


def _check_vni(vni: int, *, field: str) -> None:
    if not LOWEST_VNI <= vni <= HIGHEST_VNI:
        raise errors.Invalid(f"A VNI is a number from {LOWEST_VNI} to {HIGHEST_VNI}.", field=field)
