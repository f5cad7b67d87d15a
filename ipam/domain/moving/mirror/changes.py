"""What is new or other there, as rows for the importer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from ipam.domain.core import bulk_insert
from ipam.domain.files.columns import Kind
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving.mirror.plan import KINDS, Plan
from ipam.domain.moving.mirror.removing import Refused
from ipam.domain.networks import address_batches
from ipam.models import IPAddress, Machine


class Changes:
    """The rows of a plan; addresses go to the machines that have them now when those are there."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.handed_over = 0  # addresses
        self.refused: list[Refused] = []  # those that could not be

    def sections(self) -> Iterator[tuple[Kind | None, Iterable[ParsedRow]]]:
        """Rows by kind, in the order in which they refer to each other."""
        places = count(1)
        for section, kind in KINDS.items():
            yield kind, (replace(row, place=next(places)) for row in self._plan.rows[section])
            if section == "machines":
                self._hand_over()

    def not_kept(self) -> Iterable[str]:
        """Nothing: a mirror keeps what has a place here, and that is all that it is about."""
        return ()

    def _hand_over(self) -> None:
        """A machine that was refused gets none: its addresses are nobody's until it comes."""
        moved = {key: machine for key, machine in self._plan.moved.items() if machine}
        for keys in bulk_insert.batches(moved, address_batches.MAX):
            machines = Machine.objects.in_bulk({str(moved[key]) for key in keys})
            known = {key: machines[str(moved[key])] for key in keys if moved[key] in machines}
            refused = address_batches.join(known)
            self.handed_over += len(known) - len(refused)
            self.refused += [("ips", one, refused[one.pk]) for one in IPAddress.objects.filter(pk__one_of=refused)]
