import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from ipam import errors
from ipam.domain.core.checks import Remedy
from ipam.domain.health import doctor
from ipam.domain.networks import older_data
from ipam.management.base import SystemCommand
from ipam.models import IPAddress, Network, Prefix
from ipam.wording import count_of


class Command(SystemCommand):
    help = "Prove that free space, addresses, children and number pools add up; exit with 1 when they do not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="derive anew what can be derived, after showing it")

    def handle(self, *, repair: bool, **options: Any) -> None:
        wrong, remedies = self._examine()
        if remedies and repair:
            self._repair(remedies)
            self.stdout.write("Done. ", ending="")
            wrong, _ = self._examine()
        for sentence in older_data.sentences():
            self.stdout.write(f"Older than its rule: {sentence}")
        if wrong:
            sys.exit(1)
        self.stdout.write(
            f"Everything adds up: {count_of(Network.objects.count(), 'network')}, "
            f"{count_of(Prefix.objects.count(), 'prefix')}, "
            f"{count_of(IPAddress.objects.count(), 'address')} checked."
        )

    def _examine(self) -> tuple[int, Iterable[Remedy]]:
        """Print the findings; how many there are, and what would mend them, each remedy once."""
        wrong = 0
        remedies: dict[str, Remedy] = {}
        for finding in doctor.examine():
            wrong += 1
            self.stdout.write(finding.sentence)
            if finding.remedy:
                remedies[finding.remedy.title] = finding.remedy
        return wrong, remedies.values()

    def _repair(self, remedies: Iterable[Remedy]) -> None:
        for remedy in remedies:
            self.stdout.write(f"To be derived anew: {remedy.title}")
        for remedy in remedies:
            try:
                remedy.apply()
            except errors.IpamError as error:
                self.stdout.write(f"Not derived: {remedy.title}. {error.detail}")
