"""What each role is expected to be answered, from the one table and from where a thing belongs."""

from collections.abc import Mapping

from ipam.domain.core.permissions import MAY, Permission
from ipam.models.roles import Role

PLATFORM: Mapping[str, Role | None] = {"operator": Role.OPERATOR, "auditor": Role.AUDITOR}
ALICES: Mapping[str, Role | None] = {"owner": Role.OWNER, "editor": Role.EDITOR, "viewer": Role.VIEWER}
MALLORYS: Mapping[str, Role | None] = {"stranger": Role.OWNER}

# Where things belong: to Alice's project, to Mallory's, to everybody who has a project, to the platform alone; what
# is new belongs nowhere yet.
OWN, FOREIGN, EVERYBODYS, PLATFORMS, NEW = "own", "foreign", "everybodys", "platforms", "new"


def sees(role: str, place: str) -> bool:
    """Whether somebody sees what belongs there."""
    if place == NEW:
        return True
    members = {OWN: ALICES, FOREIGN: MALLORYS, EVERYBODYS: ALICES | MALLORYS, PLATFORMS: {}}[place]
    return role in PLATFORM or role in members


def may(role: str, permission: Permission, place: str) -> bool:
    """Whether the table lets somebody do this there."""
    if permission is Permission.READ:
        return sees(role, place)
    of_project = {OWN: ALICES, FOREIGN: MALLORYS}.get(place, {}).get(role)
    return bool({PLATFORM.get(role), of_project} & MAY[permission])


def answer(role: str, permission: Permission, place: str) -> str:
    """“done”, “forbidden” or “absent”."""
    return (
        "done" if sees(role, place) and may(role, permission, place) else "forbidden" if sees(role, place) else "absent"
    )
