from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from ipam.domain import tokens


class Command(BaseCommand):
    help = "Make a bearer token for the API and print it, and nothing else; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="what the token is for")

    def handle(self, *, username: str, name: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(
                f"There is no user “{username}”. Make one with `manage.py createsuperuser --username {username}`."
            )
        self.stdout.write(tokens.issue(user, name=name))
