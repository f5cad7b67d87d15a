from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.people import members
from ipam.management.base import SystemCommand
from ipam.models import Project
from ipam.models.roles import Role


class Command(SystemCommand):
    help = "Give a user a role: operator or auditor of the platform, or owner, editor or viewer of a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--project", help="the id of the project; without it the role is one of the platform")

    def handle(self, *, username: str, role: str, project: str | None, **options: Any) -> None:
        try:
            place = lookups.get(Project, project) if project else None
            self.stdout.write(str(members.grant(members.find_user(username), role, project=place)))
        except errors.IpamError as error:
            raise CommandError(error.detail) from None
