"""Partitions and projects: what networks, addresses and machines belong to."""

import re
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.db.models.functions import Lower

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.access import Deed
from ipam.domain.core.operations import operation
from ipam.models import Machine, Network, Partition, Project
from ipam.models.base import SLUG
from ipam.models.events import Verb

# Rule 4b: what stands in a URL where an id could: pages of the dashboard and verbs of the API, per collection.
RESERVED_IDS: dict[type[Model], frozenset[str]] = {
    Network: frozenset({"new"}),
    Partition: frozenset({"new"}),
    Machine: frozenset({"allocate"}),
}


def check_new_id(model: type[Model], id: str) -> None:
    """Refuse an id that is no slug, is a word of ours, or is taken but for the case of its letters (rules 3 and 4b)."""
    check_slug(id)
    noun = model._meta.verbose_name
    if id.lower() in RESERVED_IDS[model]:
        raise errors.ReservedId(f"“{id}” is a page here, which would hide the {noun}. Choose another id.", field="id")
    # As the unique index has it: guards.ID_ONCE.
    same = model._default_manager.annotate(lowered=Lower("pk")).filter(lowered=id.lower())
    if taken := same.values_list("pk", flat=True).first():
        but = "" if taken == id else ", and ids that differ only in case are one"
        raise errors.AlreadyExists(f"There is already a {noun} {taken}{but}. Choose another id.", field="id")


def check_slug(text: str, *, field: str = "id") -> None:
    """Refuse an id that is no slug of 2 to 128 characters (rule 3)."""
    if not re.fullmatch(SLUG, text, re.ASCII):
        raise errors.Invalid(
            "An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts and ends with a letter "
            "or digit.",
            field=field,
        )


@operation
def create_partition(
    *, id: str, name: str = "", description: str = "", labels: dict[str, str] | None = None
) -> Partition:
    """A new site. AlreadyExists if the id is taken."""
    access.demand(Deed.OPERATE)
    check_new_id(Partition, id)
    partition = Partition.objects.create(pk=id, name=name, description=description, labels=labels or {})
    history.record(Verb.CREATE, partition, after=states.of(partition))
    return partition


@operation
def update_partition(partition: Partition, **changes: Any) -> Partition:
    """Change name, description or labels."""
    access.demand(Deed.OPERATE)
    return history.revise(lookups.get(Partition, partition.pk, lock=True), **changes)


@operation
def delete_partition(partition: Partition) -> None:
    """Remove a partition; InUse while networks or machines are in it."""
    access.demand(Deed.OPERATE)
    current = lookups.get(Partition, partition.pk, lock=True)
    _refuse_while_used(current, networks="networks", machines="machines")
    history.record(Verb.DELETE, current, before=states.of(current))
    current.delete()


@operation
def create_project(
    *,
    id: uuid.UUID | None = None,
    name: str = "",
    tenant: str = "",
    description: str = "",
    labels: dict[str, str] | None = None,
) -> Project:
    """A new project; its id is made if it is not given. AlreadyExists if the id is taken."""
    access.demand(Deed.OPERATE)
    key = id or uuid.uuid4()
    if Project.objects.filter(pk=key).exists():
        raise errors.AlreadyExists(f"There is already a project {key}. Choose another id, or leave it out.", field="id")
    project = Project.objects.create(pk=key, name=name, tenant=tenant, description=description, labels=labels or {})
    history.record(Verb.CREATE, project, after=states.of(project))
    return project


@operation
def update_project(project: Project, **changes: Any) -> Project:
    """Change name, tenant, description or labels."""
    current = lookups.get(Project, project.pk, lock=True)
    access.demand(Deed.MANAGE, current.pk)
    return history.revise(current, **changes)


@operation
def delete_project(project: Project) -> None:
    """Remove a project; InUse while it has networks, addresses, machines or clusters."""
    current = lookups.get(Project, project.pk, lock=True)
    access.demand(Deed.OPERATE)
    _refuse_while_used(current, networks="networks", addresses="addresses", machines="machines", clusters="clusters")
    history.record(Verb.DELETE, current, before=states.of(current))
    User.objects.filter(service_account__project=current).delete()
    current.delete()


def _refuse_while_used(owner: Partition | Project, **relations: str) -> None:
    for things, relation in relations.items():
        count = getattr(owner, relation).count()
        if count:
            raise errors.InUse(f"“{owner}” still has {count:,} {things}. Remove or release them first.")
