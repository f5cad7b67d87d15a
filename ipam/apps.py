from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

# Modules of the domain that register checks (domain/core/checks.py), as the doctor asks them: what is taken first, then
# the space and the numbers that follow from it.
CHECKS = ("networks.checks", "clusters.checks", "health.range_checks", "health.doctor")


class IpamConfig(AppConfig):
    name = "ipam"
    verbose_name = "IP address management"

    def ready(self) -> None:
        from ipam import fields, moments, natural
        from ipam.models import default_rules, feed, guards, local_space, number_ranges

        connection_created.connect(natural.teach, dispatch_uid="ipam.natural")
        connection_created.connect(moments.teach, dispatch_uid="ipam.moments")
        connection_created.connect(fields.teach, dispatch_uid="ipam.fields")
        pre_migrate.connect(guards.lift, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(guards.install, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(number_ranges.fill_new_pools, sender=self, dispatch_uid="ipam.number_ranges")
        post_migrate.connect(default_rules.install, sender=self, dispatch_uid="ipam.default_rules")
        post_migrate.connect(local_space.draw, sender=self, dispatch_uid="ipam.local_space")
        post_migrate.connect(feed.renumber, sender=self, dispatch_uid="ipam.feed")
        procedures = import_module("ipam.domain.networks.procedures")
        post_migrate.connect(procedures.install, sender=self, dispatch_uid="ipam.procedures")
        for module in CHECKS:
            import_module(f"ipam.domain.{module}")
