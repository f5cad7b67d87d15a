"""Which roles the groups of the identity provider give, by the file that OIDC_ROLES names (YAML, and so JSON too).

network-operators: {role: operator}
team-alice: [{role: editor, project: 4b9b17c4-…}, {role: viewer, project: 0c3f2a9e-…}]
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ipam.models.roles import PLATFORM_ROLES, PROJECT_ROLES, Role

Place = UUID | None  # a project, or the platform
_STRENGTH = list(Role)  # the strongest first, on the platform and in a project


def roles_of(groups: Iterable[str]) -> dict[Place, Role]:
    """The roles of somebody in these groups; of several in one place the strongest. Unknown groups give none."""
    mapping = read(settings.OIDC_ROLES) if settings.OIDC_ROLES else {}
    given: dict[Place, Role] = {}
    for group in groups:
        for place, role in mapping.get(group, []):
            given[place] = min(role, given.get(place, role), key=_STRENGTH.index)
    return given


@cache
def read(path: str) -> Mapping[str, list[tuple[Place, Role]]]:
    """The roles of each group. ImproperlyConfigured when the file cannot be read or says what no role is."""
    try:
        found = yaml.safe_load(Path(path).read_text())
        return {str(group): [_role(one) for one in _several(roles)] for group, roles in found.items()}
    except (OSError, AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ImproperlyConfigured(f"OIDC_ROLES, the file {path}: {error}") from error


def _several(roles: object) -> list[Any]:
    return roles if isinstance(roles, list) else [roles]


def _role(given: Mapping[str, str]) -> tuple[Place, Role]:
    place = UUID(given["project"]) if "project" in given else None
    if given["role"] not in (PROJECT_ROLES if place else PLATFORM_ROLES) or given.keys() - {"role", "project"}:
        raise ValueError(f"{given} is no role of {'a project' if place else 'the platform'}")
    return place, Role(given["role"])
