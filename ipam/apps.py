from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

# Modules of the domain that register checks (domain/core/checks.py), as the doctor asks them: what is taken first, then
# the space and the numbers that follow from it.
CHECKS = ("networks.checks", "clusters.checks", "health.doctor")


class IpamConfig(AppConfig):
    name = "ipam"
    verbose_name = "IP address management"

    def ready(self) -> None:
        from ipam import natural
        from ipam.models import guards, local_space, number_ranges

        connection_created.connect(natural.teach, dispatch_uid="ipam.natural")
        pre_migrate.connect(guards.lift, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(guards.install, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(number_ranges.fill_new_pools, sender=self, dispatch_uid="ipam.number_ranges")
        post_migrate.connect(local_space.draw, sender=self, dispatch_uid="ipam.local_space")
        for module in CHECKS:
            import_module(f"ipam.domain.{module}")
