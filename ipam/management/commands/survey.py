from typing import Any

from ipam.domain.insight import surveying
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Look at the whole installation: keep how full each network is and what an operator should look at."

    def handle(self, *args: Any, **options: Any) -> None:
        found = surveying.run()
        self.stdout.write(f"Surveyed. {found:,} finding{'' if found == 1 else 's'}.")
