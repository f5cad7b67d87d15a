"""A Shoot of Gardener, or what `kubeadm init --config` takes, read as a plan: of limited size, as plain values.

A Shoot names one range of each kind; those of the second family are in the status that a running one has.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netaddr import IPNetwork

from ipam import errors, values
from ipam.addressing import Family, shorten
from ipam.domain.clusters.documented import Said
from ipam.domain.clusters.sizing import DEFAULT_MAX_PODS, LONGEST_MASK
from ipam.domain.files.documents import ParseError, load_yaml
from ipam.models.clusters import Platform, PodIpam

LONGEST = 262_144  # characters
_MOST_RANGES = 2  # of each kind
_KUBEADM_SERVICES = "10.96.0.0/12"  # unless a document says otherwise


def read(text: str) -> tuple[dict[str, Any], Said]:
    """The fields of a `NewCluster` that a document says, and the same as a cluster keeps it.

    TooLarge beyond 262,144 characters, ParseError for what is no such document, Invalid for a value that it is not.
    """
    if len(text) > LONGEST:
        raise errors.TooLarge(f"The document has more than {LONGEST:,} characters. Send the Shoot or kubeadm's alone.")
    found = [one for one in load_yaml(io.StringIO(text)) if isinstance(one, dict)]
    by_kind = {str(one.get("kind")): one for one in found}
    try:
        if shoot := by_kind.get("Shoot"):
            plan = dict(_of_shoot(shoot))
        elif "ClusterConfiguration" in by_kind:
            plan = dict(_of_kubeadm(by_kind))
        else:
            raise ParseError("There is no Shoot and no ClusterConfiguration in this document.")
    except ValueError as error:
        raise errors.Invalid(f"The document cannot be read: {error}", field="document") from None
    nodes = plan.pop("nodes", {})
    plan = {name: value for name, value in plan.items() if value not in (None, "", {})}
    return plan, {**{name: _plain(value) for name, value in plan.items()}, "nodes": _plain(nodes)}


def _of_shoot(shoot: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    metadata, spec = _part(shoot, "metadata"), _part(shoot, "spec")
    networking, status = _part(spec, "networking"), _part(shoot, "status")
    provider = _part(networking, "providerConfig")
    order = [_family(one) for one in _list(networking.get("ipFamilies") or ["IPv4"])]
    yield "platform", Platform.GARDENER
    yield "name", _text(metadata.get("name"))
    yield "gardener_project", _text(metadata.get("namespace")).removeprefix("garden-")
    yield "gardener_version", _text(_part(status, "gardener").get("version")).removeprefix("v")
    yield "families", tuple(order)
    yield "native_routing", _text(_part(provider, "overlay").get("enabled")) == "false"
    yield "ipam", _ipam(_text(_part(provider, "ipam").get("type")))
    for name in ("nodes", "pods", "services"):
        reported = _list(_part(status, "networking").get(name) or [])
        yield name, _by_family(reported or [networking[name]] if networking.get(name) else reported, name)
    kubernetes = _part(spec, "kubernetes")
    manager = _part(kubernetes, "kubeControllerManager")
    masks = {"": manager.get("nodeCIDRMaskSize"), Family.IPV6: manager.get("nodeCIDRMaskSizeIPv6")}
    yield "node_mask", _masks(order, masks)
    yield from _of_kubernetes(kubernetes.get("version"), _part(kubernetes, "kubelet"))


def _of_kubeadm(by_kind: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    cluster = by_kind["ClusterConfiguration"]
    networking = _part(cluster, "networking")
    pods, services = (
        _by_family(_text(networking.get(name) or usual).split(",") if networking.get(name) or usual else [], name)
        for name, usual in (("podSubnet", ""), ("serviceSubnet", _KUBEADM_SERVICES))
    )
    order = list(services or pods)
    args = _arguments(_part(cluster, "controllerManager").get("extraArgs") or [])
    masks: dict[Any, object] = {family: args.get(f"node-cidr-mask-size-{family.key}") for family in Family}
    masks[""] = args.get("node-cidr-mask-size")
    yield "platform", Platform.KUBEADM
    yield "name", _text(cluster.get("clusterName"))
    yield "families", tuple(order)
    yield "pods", pods
    yield "services", services
    yield "node_mask", _masks(order, masks)
    yield from _of_kubernetes(cluster.get("kubernetesVersion"), by_kind.get("KubeletConfiguration", {}))


def _of_kubernetes(version: object, kubelet: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "kubernetes_version", _text(version).removeprefix("stable-").removeprefix("v")
    yield "max_pods", _number(kubelet.get("maxPods") or DEFAULT_MAX_PODS)


def _masks(order: Iterable[Family], given: Mapping[Any, object]) -> dict[Family, int]:
    """The mask of each family: its own, else the one without a family, which is that of IPv4 where there are both,
    else the default.
    """
    order = list(order)
    whose = order[0] if len(order) == 1 else Family.IPV4
    found = {family: given.get(family) or (given.get("") if family is whose else None) for family in order}
    return {family: _number(mask) if mask else LONGEST_MASK[family] for family, mask in found.items()}


def _by_family(texts: Iterable[object], what: str) -> dict[Family, IPNetwork]:
    cidrs = [values.parse_cidr(_text(one).strip()).cidr for one in texts]  # Kubernetes drops host bits too
    found = {Family.of(cidr): cidr for cidr in cidrs}
    if len(found) < len(cidrs) or len(cidrs) > _MOST_RANGES:
        raise ValueError(f"{what} has more than one range of a family.")
    return found


def _arguments(given: Any) -> dict[str, object]:
    """Of v1beta3 a mapping, of v1beta4 a list."""
    if isinstance(given, dict):
        return given
    return {_text(one.get("name")): one.get("value") for one in _list(given) if isinstance(one, dict)}


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no mapping.")
    return found


def _list(found: object) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError(f"“{shorten(found)}” is no list.")
    return found


def _text(found: object) -> str:
    if found is not None and not isinstance(found, str):
        raise ValueError(f"“{shorten(found)}” is no text.")
    return found or ""


def _number(found: object) -> int:
    if not (isinstance(found, int) or (isinstance(found, str) and found.isascii() and found.isdigit())):
        raise ValueError(f"“{shorten(found)}” is no number.")
    return int(found)


def _family(found: object) -> Family:
    return Family.from_key(_text(found).lower())


def _ipam(kind: str) -> str:
    return PodIpam.CALICO if kind == PodIpam.CALICO else PodIpam.HOST_LOCAL


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {family.key: _plain(one) for family, one in value.items()}
    if isinstance(value, tuple):
        return [family.key for family in value]
    return str(value) if isinstance(value, IPNetwork) else value
