from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.utils import timezone

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.people import tokens
from ipam.management.base import SystemCommand
from ipam.models import Project
from ipam.values import parse_cidr


class Command(SystemCommand):
    help = "Make a bearer token for the API and print it, and nothing else; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="what the token is for")
        parser.add_argument("--read-only", action="store_true", help="it changes nothing")
        parser.add_argument("--project", action="append", default=[], help="bind it to this project; repeatable")
        parser.add_argument("--network", action="append", default=[], help="a CIDR it may come from; repeatable")
        parser.add_argument("--days", type=int, help="how long it is good for; without it, forever")

    def handle(self, *, username: str, name: str, days: int | None, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(
                f"There is no user “{username}”. Make one with `manage.py createsuperuser --username {username}`."
            )
        try:
            token = tokens.issue(
                user,
                name=name,
                read_only=options["read_only"],
                projects=[lookups.get(Project, key) for key in options["project"]],
                networks=[parse_cidr(text) for text in options["network"]],
                expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
            )
        except (errors.IpamError, ValueError, OverflowError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(token)
