"""What a kind of finding is called where there are many of it, and what mends it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.models import Finding


@dataclass(frozen=True)
class Kind:
    """A kind of finding: what so many of it are, and the verb that mends them."""

    one: str
    many: str
    verb: str


KINDS = {
    "family_nearly_full": Kind("family is above 80 %", "families are above 80 %", "Add a prefix"),
    "only_cooling_left": Kind("family only has cooling space", "families only have cooling space", "Add a prefix"),
    "no_child_fits": Kind("super network has no room", "super networks have no room", "Add a prefix"),
    "few_children_left": Kind("super network has little room", "super networks have little room", "Add a prefix"),
    "one_family_allocations": Kind("network has halves of pairs", "networks have halves of pairs", "Complete"),
    "one_family_machines": Kind("network has one-family machines", "networks have one-family machines", "Complete"),
    "unused_static": Kind("static address may be forgotten", "static addresses may be forgotten", "Review"),
    "firewall_without_underlay": Kind("firewall has no underlay", "firewalls have no underlay", "Review"),
    "project_without_networks": Kind("project has no network", "projects have no network", "Carve"),
    "pool_nearly_empty": Kind("pool of numbers is nearly empty", "pools of numbers are nearly empty", "Review"),
    "pods_not_announcable": Kind("cluster cannot announce its pods", "clusters cannot announce their pods", "Announce"),
    "one_family_nodes": Kind("cluster has nodes of one family", "clusters have nodes of one family", "Complete"),
    "nodes_nearly_full": Kind("cluster is nearly full", "clusters are nearly full", "Review"),
    "same_range_other_vrf": Kind(
        "network has space that a cluster reserved elsewhere",
        "networks have space that clusters reserved elsewhere",
        "Review",
    ),
    "differs_from_document": Kind(
        "cluster differs from its document", "clusters differ from their documents", "Review"
    ),
    "webhook_failing": Kind("webhook fails", "webhooks fail", "Review"),
    "webhook_disabled": Kind("webhook was switched off", "webhooks were switched off", "Review"),
    "mail_failing": Kind("mail does not go", "mails do not go", "Review"),
    "mirror_drift": Kind("change cannot be brought over", "changes cannot be brought over", "Review"),
    "mirror_leak": Kind("leak in metal-stack", "leaks in metal-stack", "Review"),
    "mirror_leak_here": Kind("leak here beside metal-stack", "leaks here beside metal-stack", "Release"),
    "mirror_failing": Kind("mirror fails", "mirrors fail", "Review"),
    "mirror_old": Kind("mirror stands still", "mirrors stand still", "Review"),
    "survey_old": Kind("survey is overdue", "surveys are overdue", "Review"),
}
# Of a kind that is serious or a warning, what a serious one is called.
SERIOUS = {
    "family_nearly_full": Kind("family is full or above 95 %", "families are full or above 95 %", "Add a prefix"),
    "only_cooling_left": Kind(
        "family only has cooling space that nobody gets",
        "families only have cooling space that nobody gets",
        "Add a prefix",
    ),
    "pool_nearly_empty": Kind("pool of numbers is empty", "pools of numbers are empty", "Review"),
}
NEEDED = {
    "Add a prefix": Permission.OPERATE,
    **dict.fromkeys(("Complete", "Carve", "Announce", "Release"), Permission.ALLOCATE),
}
_NAMED = 3  # of the things that a kind was found of


@dataclass(frozen=True)
class Work:
    """So many findings of one kind and severity, with the names of the first."""

    code: str
    severity: str
    count: int
    names: Sequence[str] = ()

    @property
    def asked_severity(self) -> str | None:
        """The severity that asks for just these, where a kind has several; None: the kind does."""
        return self.severity if self.code in SERIOUS else None

    @property
    def others(self) -> int:
        """How many have no name here."""
        return self.count - len(self.names)

    @property
    def text(self) -> str:
        return self._kind.one if self.count == 1 else self._kind.many

    @property
    def verb(self) -> str:
        """What mends it; who may not do that looks."""
        verb = self._kind.verb
        return verb if verb not in NEEDED or access.current().may_anywhere(NEEDED[verb]) else "Look"

    @property
    def _kind(self) -> Kind:
        """Of a code that a newer Twofold beside this one has stored, its words."""
        if self.severity == Finding.Severity.SERIOUS.label and self.code in SERIOUS:
            return SERIOUS[self.code]
        words = self.code.replace("_", " ")
        return KINDS.get(self.code, Kind(words, words, "Review"))


def counted(numbers: Mapping[tuple[str, int], int], first: Iterable[Finding] = ()) -> list[Work]:
    """Kinds by how many there are of each (code, severity), worst first, with names of those that are given."""
    names: dict[tuple[str, int], list[str]] = defaultdict(list)
    for one in first:
        names[one.code, one.severity].append(one.object_name or one.object_id)
    ordered = sorted(numbers.items(), key=lambda item: (item[0][1], -item[1]))
    return [Work(key[0], Finding.Severity(key[1]).label, count, names[key][:_NAMED]) for key, count in ordered]
