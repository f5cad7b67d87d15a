"""VRFs: made by hand, named by a network, or drawn from the pool; and back."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef

from ipam import errors
from ipam.domain.core import access, history, lookups, states, writes
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
    number_pools.acquire_exactly(Pool.VRF, id)  # given back by one that went while this waited for its row
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
    users = list(Network.objects.declaring_vrf([vni]))
    if users and not (shared and all(user.vrf_shared for user in users)):
        raise errors.VrfInUse(
            f"VRF {vni} belongs to network {users[0].pk}. Choose another VNI, or say vrf_shared on all networks in it.",
            field="vrf",
        )
    return vrf


def draw() -> VRF:
    """A VRF from the pool, the lowest free VNI of 1..131072. VrfExhausted if none is left."""
    try:
        vrf = VRF(pk=number_pools.acquire(Pool.VRF))
    except number_pools.PoolEmpty:
        raise _exhausted() from None
    writes.insert([vrf])
    return vrf


class Batch:
    """VRFs of many new networks, chosen one by one in memory: those that are `named`, and `count` that are drawn."""

    def __init__(self, named: Collection[int], count: int) -> None:
        inside = {vni for vni in named if LOWEST_VNI <= vni <= HIGHEST_VNI}
        self._numbers = number_pools.Batch(Pool.VRF, inside, count)  # numbers are locked first and VRFs second
        stored = VRF.objects.filter(pk__one_of=inside).order_by("pk")
        self._known = {vrf.pk: vrf for vrf in lookups.lock_all(stored, no_key=True)}
        self._users: dict[int, list[bool]] = defaultdict(list)  # whether each says that it shares the VRF
        for vni, is_shared in Network.objects.declaring_vrf(inside).values_list("vrf", "vrf_shared"):
            self._users[vni].append(is_shared)
        self._new: list[VRF] = []

    def choose(self, vni: int | None, *, shared: bool) -> VRF | None:
        """As `claim` and `draw`; None where these refuse, of which they tell, and for a VRF that went meanwhile."""
        try:
            chosen = self._numbers.lowest() if vni is None else vni
        except number_pools.PoolEmpty:
            return None
        if not LOWEST_VNI <= chosen <= HIGHEST_VNI:
            return None
        if self._users[chosen] and not (shared and all(self._users[chosen])):
            return None
        return self._known.get(chosen) or (VRF(pk=chosen) if self._numbers.has(chosen) else None)

    def take(self, vrf: VRF, *, shared: bool) -> None:
        """Let one more network name this VRF."""
        self._numbers.take(vrf.pk)
        self._users[vrf.pk].append(shared)
        if vrf.pk not in self._known:
            self._known[vrf.pk] = vrf
            self._new.append(vrf)

    def store(self) -> None:
        """Make those that are new, and take their numbers out of the pool."""
        self._numbers.store()
        VRF.objects.bulk_create(self._new)


def give_up(vni: int, *, shared: bool) -> None:
    """Remove a VRF that its last network has left, unless it was made by hand.

    Networks that share one take turns; of others the foreign key says when one has come meanwhile.
    """
    unused = VRF.objects.filter(pk=vni, kept=False).exclude(Exists(Network.objects.filter(vrf=OuterRef("pk"))))
    if shared:
        VRF.objects.select_for_update().get(pk=vni)
    if unused._raw_delete(unused.db):
        number_pools.release(Pool.VRF, vni)


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


def _exhausted() -> errors.IpamError:
    return errors.VrfExhausted("Every VNI of the pool is taken. Delete networks, or name a VNI above 131072.")


def _check_vni(vni: int, *, field: str) -> None:
    if not LOWEST_VNI <= vni <= HIGHEST_VNI:
        raise errors.Invalid(f"A VNI is a number from {LOWEST_VNI} to {HIGHEST_VNI}.", field=field)
