from typing import Any

from ipam.domain.insight import surveying
from ipam.management.base import SystemCommand
from ipam.wording import count_of


class Command(SystemCommand):
    help = "Look at the whole installation: keep how full each network is and what an operator should look at."

    def handle(self, *args: Any, **options: Any) -> None:
        found = surveying.run()
        self.stdout.write(f"Surveyed. {count_of(found, 'finding')}.")
