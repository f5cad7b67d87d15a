"""What every page needs to know of the site."""

from django.http import HttpRequest

# Url name and text of the navigation's smaller places.
MORE_SECTIONS = [
    ("projects", "Projects"),
    ("partitions", "Partitions"),
    ("vrfs", "VRFs"),
    ("docs", "API"),
    ("tokens", "Tokens"),
]


def navigation(request: HttpRequest) -> dict[str, object]:
    return {"more_sections": MORE_SECTIONS}
