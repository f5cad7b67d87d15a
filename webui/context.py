"""What every page needs to know of the site."""

from django.http import HttpRequest

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission

# The menu: groups of (URL name, text, icon) with their titles. A page says which one it belongs to by `section`.
NAVIGATION = [
    (
        "Look",
        [
            ("overview", "Overview", "home"),
            ("findings", "Findings", "flag"),
            ("alerts", "Alerts", "bell"),
            ("activity", "Activity", "clock"),
        ],
    ),
    (
        "Space",
        [
            ("networks", "Networks", "net"),
            ("addresses", "Addresses", "pin"),
            ("machines", "Machines", "machine"),
            ("clusters", "Clusters", "cluster"),
        ],
    ),
    (
        "Who and where",
        [("projects", "Projects", "folder"), ("partitions", "Partitions", "site"), ("vrfs", "VRFs", "vrf")],
    ),
    ("Yours", [("tokens", "My tokens", "key"), ("webhooks", "Webhooks", "hook")]),
    ("Read", [("handbook", "Handbook", "book"), ("docs", "API", "code")]),
]
OPERATING = ("Platform", [("imports", "Import", "in"), ("admin:index", "Admin", "gear")])


def navigation(request: HttpRequest) -> dict[str, object]:
    """The menu, and what may be offered: `may.allocate` in some project, `may.operate` the platform."""
    may = {
        "allocate": access.current().may_anywhere(Permission.ALLOCATE),
        "operate": access.current().may(Permission.OPERATE),
    }
    return {"navigation": [*NAVIGATION, OPERATING] if may["operate"] else NAVIGATION, "may": may}
