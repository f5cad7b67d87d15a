"""Routes below /metal/v1/, with or without a slash at their end."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

from ipam.compat.metal_api import addresses, networks, partitions, projects, requests, status

_ADDRESS = r"(?P<ip>[^/]+)"
_KEY = r"(?P<pk>[^/]+)"
_ROUTES: dict[str, type[requests.MetalView]] = {
    "version": status.VersionView,
    "health": status.HealthView,
    "network": networks.NetworksView,
    "network/find": networks.FindNetworksView,
    "network/allocate": networks.AllocateNetworkView,
    f"network/free/{_KEY}": networks.FreeNetworkView,
    f"network/{_KEY}": networks.NetworkView,
    "ip": addresses.AddressesView,
    "ip/find": addresses.FindAddressesView,
    "ip/allocate": addresses.AllocateAddressView,
    f"ip/allocate/{_ADDRESS}": addresses.AllocateAddressView,
    f"ip/free/{_ADDRESS}": addresses.FreeAddressView,
    f"ip/{_ADDRESS}": addresses.AddressView,
    "partition": partitions.PartitionsView,
    f"partition/{_KEY}": partitions.PartitionView,
    "project": projects.ProjectsView,
    "project/find": projects.FindProjectsView,
    f"project/{_KEY}": projects.ProjectView,
}


def _route(path: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
    return re_path(rf"^{path}/?$", view)


app_name = "metal_api"
urlpatterns: list[Any] = [
    *(_route(path, view.as_view()) for path, view in _ROUTES.items()),
    re_path(r"", requests.UnknownView.as_view()),
]
