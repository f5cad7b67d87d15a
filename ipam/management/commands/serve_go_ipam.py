import os
import sys
from typing import Any

from django.conf import settings

from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Serve go-ipam's service (Connect and gRPC) on GO_IPAM_BIND. There is no sign-in: bind it to loopback."

    def handle(self, **options: Any) -> None:
        os.chdir(settings.BASE_DIR)  # where gunicorn looks for modules
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", "python:ipam.compat.go_ipam.serving"])  # noqa: S606
