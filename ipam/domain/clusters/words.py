"""What a cluster can be called and have, in words and numbers, whoever says so: a request, a table or a document."""

import re
from collections.abc import Collection

from django.core.exceptions import ValidationError

from ipam import errors
from ipam.models import Cluster
from ipam.models.clusters import MAX_SURGE

# A DNS label (RFC 1123): Gardener's namespace of a project is called after it, and people paste it into a shell.
_PROJECT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def check(cluster: Cluster, names: Collection[str]) -> None:
    """Invalid, all together, for those of these fields that no cluster can have so."""
    broken: list[tuple[str, str]] = []
    try:
        cluster.clean_fields(exclude={field.name for field in Cluster._meta.fields}.difference(names))
    except ValidationError as error:
        broken = [(name, text) for name, texts in error.message_dict.items() for text in texts]
    if cluster.gardener_project and not _PROJECT.fullmatch(cluster.gardener_project):
        text = "A project's name has small letters, digits and dashes; it neither starts nor ends with a dash."
        broken.append(("gardener_project", text))
    if cluster.max_surge is not None and cluster.max_surge > MAX_SURGE:
        broken.append(("max_surge", f"At most {MAX_SURGE:,} nodes come before others go."))
    errors.raise_all([errors.Invalid(f"{name}: {text}", field=name) for name, text in broken])
