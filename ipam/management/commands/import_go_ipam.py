from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.files import documents
from ipam.domain.moving import go_ipam
from ipam.management import foreign
from ipam.management.base import SystemCommand
from ipam.models import Partition, Project
from ipam.values import parse_cidr


class Command(SystemCommand):
    help = "Bring in the prefixes and addresses of a JSON dump of go-ipam."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="JSON, or - for standard input")
        parser.add_argument("--project", required=True, help="the id of the project that owns everything")
        parser.add_argument("--partition", help="the id of the partition of networks that are made")
        parser.add_argument("--namespace", default=go_ipam.DEFAULT_NAMESPACE, help="default: root")
        parser.add_argument("--vrf", type=int, help="the VNI of prefixes that stand alone")
        parser.add_argument(
            "--container",
            action="append",
            default=[],
            metavar="PREFIX",
            help="a prefix that children shall be carved from, though it has none yet; may be given several times",
        )
        foreign.add_arguments(parser)

    def handle(self, *, file: str, project: str, partition: str | None, **options: Any) -> None:
        try:
            owner = lookups.get(Project, project)
            site = lookups.get(Partition, partition) if partition else None
            containers = [parse_cidr(text) for text in options["container"]]
            with documents.opened(file) as text:
                dump = go_ipam.read(
                    text, project=owner, namespace=options["namespace"], vrf=options["vrf"], containers=containers
                )
        except ValueError as error:
            raise CommandError(f"--container: {error}\nNothing was imported.") from None
        except errors.IpamError as error:
            raise foreign.failure(error) from None
        rows = go_ipam.Rows(dump, partition=site)
        foreign.report(self, rows, dry_run=options["dry_run"], skip_refused=options["skip_refused"])
