from typing import Any

from ipam.domain.moving.metal_stack import exporting
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Write everything as a document of metal-stack, which import_metal_stack reads."

    def handle(self, **options: Any) -> None:
        for line in exporting.lines():
            self.stdout.write(line, ending="")
