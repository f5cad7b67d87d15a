"""What rows say about new projects, networks and machines, and how those are made: one by one, or together."""

from typing import Any

from ipam import errors
from ipam.domain.files.columns import Values, filled
from ipam.domain.files.known import Known
from ipam.domain.files.together import Rows, Together, read_all
from ipam.domain.networks import child_batches, children, machine_batches, machines, network_fields, networks, projects
from ipam.domain.networks.machine_batches import NewMachine
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Machine, Network, Partition, Project
from ipam.models.networks import CHILD_TYPES


def projects_together(rows: Rows, known: Known) -> Together:
    """Projects that say their id."""
    return Together({place: filled(row) for place, row in rows.items() if row.get("id")}, projects.Batch)


def create_network(values: Values, known: Known) -> Network:
    """A child with prefixes comes from elsewhere; one without is carved."""
    new = _new_network(values, known)
    return children.import_child(new) if _is_imported(values) else networks.create(new)


def _is_imported(values: Values) -> bool:
    return values.get("type") in CHILD_TYPES and bool(values.get("id") or values.get("prefixes"))


def _new_network(values: Values, known: Known) -> NewNetwork:
    given = filled({name: value for name, value in values.items() if name != "namespace"})
    references: dict[str, Any] = {"project": Project, "partition": Partition, "parent": Network}
    is_imported = _is_imported(values)
    if given.get("type") and not is_imported:
        errors.raise_all(network_fields.violations_of_given(given["type"], given))
    found = known.get_all({name: (model, given[name]) for name, model in references.items() if name in given})
    if is_imported and found.get("parent"):
        found["partition"] = None  # it is the parent's; another one is refused afterwards
    return NewNetwork(**{"type": "", **given, **found})


def children_together(rows: Rows, known: Known) -> Together | None:
    """Children that come from elsewhere; they come after all other networks, which are made one by one."""
    if not _is_imported(next(iter(rows.values()))):
        return None
    references = {"project": Project, "partition": Partition, "parent": Network}
    imported = {place: row for place, row in rows.items() if _is_imported(row)}
    return Together(read_all(_new_network, imported, known, references), child_batches.Batch)


def create_machine(values: Values, known: Known) -> Machine:
    """With its networks and ASN; its addresses are rows of their own."""
    return machines.allocate(**vars(_new_machine(values, known)), with_addresses=False)


def _new_machine(values: Values, known: Known) -> NewMachine:
    given = filled(values)
    joined = [known.get(Network, key, field="networks") for key in given.pop("networks", [])]
    given["project"] = known.get(Project, given.get("project"), field="project")
    given["partition"] = known.get(Partition, given.get("partition"), field="partition")
    return NewMachine(**given, networks=[Attachment(network=one) for one in joined])


def machines_together(rows: Rows, known: Known) -> Together:
    """Machines, which get their addresses by rows of their own."""
    references = {"project": Project, "partition": Partition, "networks": Network}
    return Together(read_all(_new_machine, rows, known, references), machine_batches.Batch)
