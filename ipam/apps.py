from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class IpamConfig(AppConfig):
    name = "ipam"
    verbose_name = "IP address management"

    def ready(self) -> None:
        from ipam.models import guards, local_space

        pre_migrate.connect(guards.lift, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(guards.install, sender=self, dispatch_uid="ipam.guards")
        post_migrate.connect(local_space.draw, sender=self, dispatch_uid="ipam.local_space")
