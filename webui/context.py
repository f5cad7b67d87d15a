"""What every page needs to know of the site."""

from django.http import HttpRequest

# The sidebar: groups of (URL name, text). A page says which one it belongs to by `section`.
NAVIGATION = [
    [("overview", "Overview"), ("findings", "Findings"), ("activity", "Activity")],
    [("networks", "Networks"), ("addresses", "Addresses"), ("machines", "Machines"), ("clusters", "Clusters")],
    [("projects", "Projects"), ("partitions", "Partitions"), ("vrfs", "VRFs")],
    [("imports", "Import"), ("tokens", "My tokens"), ("docs", "API")],
]


def navigation(request: HttpRequest) -> dict[str, object]:
    return {"navigation": NAVIGATION}
