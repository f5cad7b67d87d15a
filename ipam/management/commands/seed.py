from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from ipam import errors
from ipam.demo import seeding
from ipam.management.base import SystemCommand
from ipam.wording import count_of


class Command(SystemCommand):
    help = "Fill an empty installation with an invented dual-stack cloud, for demonstrations and measurements."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--networks", type=int, default=40, help="(default: 40)")
        parser.add_argument("--prefixes", type=int, default=100, help="(default: 100)")
        parser.add_argument("--addresses", type=int, default=2_000, help="(default: 2000)")
        parser.add_argument("--days", type=int, default=0, help="of a past in which it grew (default: 0)")
        parser.add_argument("--seed", type=int, default=1, help="another number, another cloud (default: 1)")

    def handle(self, *, networks: int, prefixes: int, addresses: int, days: int, seed: int, **options: Any) -> None:
        try:
            with tqdm(total=prefixes + addresses, unit=" rows", disable=None) as bar:
                sizes = {"networks": networks, "prefixes": prefixes, "addresses": addresses}
                seeding.seed(**sizes, days=days, seed=seed, on_progress=bar.update)
        except errors.IpamError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(
            f"Seeded {count_of(networks, 'network')}, {count_of(prefixes, 'prefix')} "
            f"and {count_of(addresses, 'address')}."
        )
