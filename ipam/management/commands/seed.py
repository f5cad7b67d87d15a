from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from ipam import errors
from ipam.demo import seeding
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Fill an empty installation with an invented dual-stack cloud, for demonstrations and measurements."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--networks", type=int, required=True)
        parser.add_argument("--prefixes", type=int, required=True)
        parser.add_argument("--addresses", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1, help="another number, another cloud (default: 1)")

    def handle(self, *, networks: int, prefixes: int, addresses: int, seed: int, **options: Any) -> None:
        try:
            with tqdm(total=prefixes + addresses, unit=" rows", disable=None) as bar:
                seeding.seed(
                    networks=networks, prefixes=prefixes, addresses=addresses, seed=seed, on_progress=bar.update
                )
        except errors.IpamError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Seeded {networks:,} networks, {prefixes:,} prefixes and {addresses:,} addresses.")
