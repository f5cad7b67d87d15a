from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IpamConfig(AppConfig):
    name = "ipam"
    verbose_name = "IP address management"

    def ready(self) -> None:
        from ipam.models import guards

        post_migrate.connect(guards.install, sender=self, dispatch_uid="ipam.guards")
