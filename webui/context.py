"""What every page needs to know of the site."""

from django.http import HttpRequest

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission

# The sidebar: groups of (URL name, text). A page says which one it belongs to by `section`.
NAVIGATION = [
    [("overview", "Overview"), ("findings", "Findings"), ("activity", "Activity")],
    [("networks", "Networks"), ("addresses", "Addresses"), ("machines", "Machines"), ("clusters", "Clusters")],
    [("projects", "Projects"), ("partitions", "Partitions"), ("vrfs", "VRFs")],
    [("tokens", "My tokens"), ("docs", "API")],
]
OPERATING = [("imports", "Import"), ("admin:index", "Admin")]


def navigation(request: HttpRequest) -> dict[str, object]:
    """The sidebar, and what may be offered: `may.allocate` in some project, `may.operate` the platform."""
    may = {
        "allocate": access.current().may_anywhere(Permission.ALLOCATE),
        "operate": access.current().may(Permission.OPERATE),
    }
    return {"navigation": [*NAVIGATION, OPERATING] if may["operate"] else NAVIGATION, "may": may}
