"""A few rows of each kind of table, as people write them: all can be imported, in the order of the kinds."""

from collections.abc import Mapping

from ipam.domain.files.raw_rows import Row

_SITE, _PROJECT = "ams-9", "9c0e7a52-4a2e-4c9d-8f6b-0d8a1f3c5e71"
_SUPER, _INTERNET = "tenants-ams-9", "internet-ams-9"

EXAMPLES: Mapping[str, list[Row]] = {
    "partitions": [{"id": _SITE, "name": "Amsterdam 9", "labels": '{"country": "nl"}'}],
    "projects": [{"id": _PROJECT, "name": "example-shop", "tenant": "acme", "labels": '{"stage": "prod"}'}],
    "vrfs": [{"id": "919191", "name": "example"}],
    "networks": [
        {"id": _INTERNET, "name": "Internet 9", "type": "external", "partition": _SITE, "vrf": "919191",
         "parent": "", "project": "", "prefixes": "198.51.100.0/25 2001:db8:9:1::/64",
         "default_child_prefix_length": ""},
        {"id": _SUPER, "name": "Tenants 9", "type": "super", "partition": _SITE, "vrf": "",
         "parent": "", "project": "", "prefixes": "10.219.0.0/16 2001:db8:9:100::/56",
         "default_child_prefix_length": '{"ipv4": 24, "ipv6": 64}'},
        {"id": "shop-9", "name": "Shop", "type": "child", "partition": _SITE, "vrf": "",
         "parent": _SUPER, "project": "example-shop", "prefixes": "10.219.4.0/24 2001:db8:9:104::/64",
         "default_child_prefix_length": ""},
    ],
    "prefixes": [{"network": _INTERNET, "prefix": "198.51.100.128/25", "gateway": "198.51.100.129"}],
    "machines": [
        {"id": "e1d1c6d2-0000-4000-8000-000000000001", "name": "web-1", "project": "example-shop", "partition": _SITE,
         "role": "machine", "networks": "shop-9"},
    ],
    "addresses": [
        {"ip": "198.51.100.10", "network": _INTERNET, "project": "example-shop", "type": "static",
         "name": "www", "allocation": "5b0f3d0e-0000-4000-8000-000000000001"},
        {"ip": "2001:db8:9:1::10", "network": _INTERNET, "project": "example-shop", "type": "static",
         "name": "www", "allocation": "5b0f3d0e-0000-4000-8000-000000000001"},
        {"ip": "198.51.100.11", "network": _INTERNET, "project": "example-shop", "type": "ephemeral", "name": "ci",
         "allocation": ""},
    ],
    "ranges": [
        {"network": _INTERNET, "first": "198.51.100.100", "last": "198.51.100.120", "use": "dhcp", "name": "lab"},
    ],
    "history": [
        {"network": _INTERNET, "address_family": "ipv4", "at": "2026-01-31", "used": "2", "total": "128"},
    ],
    "quotas": [
        {"project": "example-shop", "network": "", "address_family": "ipv4", "resource": "addresses", "limit": "64"},
    ],
}  # fmt: skip
