"""What every command of ours begins with."""

from typing import Any

from django.core.management.base import BaseCommand

from ipam.domain.core import context


class SystemCommand(BaseCommand):
    """Whoever may run a command on the machine may do everything."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with context.system():
            return super().execute(*args, **options)
