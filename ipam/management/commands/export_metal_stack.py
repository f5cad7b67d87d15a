from typing import Any

from django.core.management.base import BaseCommand

from ipam.domain import metal_stack_export


class Command(BaseCommand):
    help = "Write everything as a document of metal-stack, which import_metal_stack reads."

    def handle(self, **options: Any) -> None:
        for line in metal_stack_export.lines():
            self.stdout.write(line, ending="")
