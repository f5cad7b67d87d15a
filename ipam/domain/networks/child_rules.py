"""What a child network must look like, and which super network it comes from (rules 10 to 14)."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.networks import rules
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import aside, whose
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.networks import NetworkType, Stack
from ipam.values import parse_cidr


def parent_for(new: NewNetwork) -> Network:
    """The super network that a new child is carved from (rules 10 and 12).

    AmbiguousParent, ParentNotSuper, Required or NoParentNetwork when it names none, WrongProject when it is another
    project's, OneSharedChildPerProject when the project has its shared network already.
    """
    parent = find_parent(new)
    check_owner(new, parent)
    shared = Network.objects.filter(type=NetworkType.CHILD_SHARED, project=new.project)
    if new.type == NetworkType.CHILD_SHARED and (known := shared.first()):
        raise errors.OneSharedChildPerProject(
            f"The project already has the shared network {known}. Use that one, or delete it first.", field="type"
        )
    return parent


def check_owner(new: NewNetwork, parent: Network) -> None:
    """Rule 10: a super network with a project gives children to that project only; another system's gives none."""
    if parent.project_id and (new.project is None or parent.project_id != new.project.pk):
        raise errors.WrongProject(
            f"{parent} belongs to another project. Carve from a super network of yours or of nobody.", field="parent"
        )
    access.require_own(parent)


def find_parent(new: NewNetwork) -> Network:
    """The super network that a new child names, or that of its partition (rule 10)."""
    if new.parent and new.partition:
        raise errors.AmbiguousParent("Name the parent or the partition, not both.", field="parent")
    if new.parent:
        if not new.parent.is_super:
            raise errors.ParentNotSuper(
                f"{new.parent} is of type {new.parent.type}; children are carved from super networks only.",
                field="parent",
            )
        return new.parent
    if not new.partition:
        raise errors.Required("Name the parent network, or a partition whose super network is used.", field="parent")
    parent = Network.objects.supers().filter(partition=new.partition, project=None).first()
    if parent is None:
        raise errors.NoParentNetwork(
            f"Partition {new.partition.pk} has no super network for every project. Name a parent, or create one.",
            field="partition",
        )
    return parent


def choose_lengths(
    parent: Network,
    asked: Mapping[Family, int],
    families: Sequence[Family],
    allowed: Sequence[Family],
) -> dict[Family, int]:
    """The prefix length of each family that a child gets (rule 13).

    `asked` replaces the parent's defaults as a whole. `families` keeps just those, and demands each of them.
    `allowed` is what the child's stack permits: defaults of other families are left out, asking for one is refused.
    """
    if asked:  # the parent's own have been judged
        longest = rules.longest_lengths([prefix.cidr for prefix in parent.prefixes.all()])
        errors.raise_all(list(rules.violations_of_child_lengths(asked, longest, field="length")))
    for family in [*asked, *families]:
        check_stack(allowed, family, None)
    defaults = parent.default_child_prefix_length.items()
    lengths = dict(asked) or {family: length for family, length in defaults if family in allowed}
    if missing := [family.label for family in families if family not in lengths]:
        detail = f"{parent} gives no {missing[0]} child prefixes here. Add {missing[0]} to it, or ask for another."
        raise errors.FamilyNotInNetwork(detail, field="address_family")
    lengths = {family: lengths[family] for family in sorted(lengths) if not families or family in families}
    if not lengths:
        raise errors.FamilyNotInNetwork(f"{parent} has no family that this child's stack allows.", field="stack")
    for family, minimum in parent.min_child_prefix_length.items():
        if lengths.get(family, minimum) < minimum:
            raise _below_minimum(parent, family, lengths[family], field="length")
    return lengths


def stack_of_child(new: NewNetwork, parent: Network) -> str:
    """Rule 2: at most what the parent has, which is also the default."""
    stack = new.stack or parent.stack
    for family in Stack(stack).families:
        if family not in parent.allowed_families:
            raise errors.FamilyNotAllowed(
                f"{parent} is {Stack(parent.stack).label}, so its children cannot be {Stack(stack).label}.",
                field="stack",
            )
    return stack


def check_stack(allowed: Sequence[Family], family: Family, network: Network | None) -> None:
    """Rule 6, before a child gets space of a family."""
    if family not in allowed:
        name = network or "The network"
        raise errors.FamilyNotAllowed(
            f"{name} has a stack without {family.label}. Set its stack to dual first, or leave {family.label} out.",
            field="stack",
        )


def violations_of_imported_lengths(
    parent: Network, sources: Mapping[IPNetwork, Prefix], *, field: str = "prefixes"
) -> Iterator[errors.IpamError]:
    """Rules 9 and 13 for prefixes that are given, each with the parent's prefix that it lies in."""
    for cidr, source in sources.items():
        family = Family.of(cidr)
        longest = {family: source.length}
        yield from rules.violations_of_child_lengths({family: cidr.prefixlen}, longest, field=field)
        if cidr.prefixlen < parent.min_child_prefix_length.get(family, 0):
            yield _below_minimum(parent, family, cidr.prefixlen, field=field)


def _below_minimum(parent: Network, family: Family, length: int, *, field: str) -> errors.IpamError:
    minimum = parent.min_child_prefix_length[family]
    return errors.MinChildPrefixLength(
        f"{parent} gives {family.label} children of /{minimum} or longer, not /{length}.", field=field
    )


def check_imported_fields(new: NewNetwork) -> None:
    """What a child that comes from elsewhere must say: project, parent and prefixes, beside an id that is new."""
    errors.raise_all(
        [
            errors.Required(f"A child network that comes from elsewhere needs “{name}”.", field=name)
            for name in ("project", "parent", "prefixes")
            if not getattr(new, name)
        ]
    )


def exhausted(parent: Network, family: Family, length: int, child: Network) -> errors.Exhausted:
    """Why no child of this length can be carved (rule 14), and the three largest blocks that are free."""
    largest = FreeBlock.objects.filter(network=parent, family=family, namespace=child.namespace_id).order_by(
        "length", "prefix", "first"
    )[:3]
    blocks = ", ".join(str(free) for free in largest)
    have = f"The largest free blocks are {blocks}" if blocks else "Nothing is free"
    more = aside.sentences(parent, family, child.namespace_id)
    return errors.Exhausted(
        f"{family.label} of {parent} has no room for a /{length}. {have}.{more} Add an {family.label} prefix to "
        f"{parent}, ask for a longer prefix length, or delete children. Nothing was taken.",
        field="address_family",
    )


def overlap(
    source: Prefix, cidr: IPNetwork, namespace_id: uuid.UUID | None, *, field: str = "prefixes"
) -> errors.IpamError | None:
    """Which child holds a part of this space, in words, for who may see it; None when no child does."""
    holder = source.children.filter(namespace=namespace_id).overlapping(cidr).first()
    if holder is None:
        return None
    return errors.Overlap(f"{cidr} overlaps {whose.prefix(holder)}. Choose space outside of it.", field=field)


def of_families(cidrs: Iterable[str], families: Iterable[Family]) -> list[str]:
    """The CIDRs of these families, as they are written."""
    wanted = set(families)
    return [text for text in cidrs if Family.of(parse_cidr(text)) in wanted]
