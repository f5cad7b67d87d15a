import gc

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class WebuiConfig(AppConfig):
    name = "webui"
    verbose_name = "Twofold dashboard"

    def ready(self) -> None:
        from webui import checks  # noqa: F401  registers the system checks

        # Code that is loaded stays, and neither a request nor a row of an import makes many cycles; with Python's
        # defaults an import spends much of its time on looking for them.
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)  # objects made, collections of the young, of the middle-aged


class AdminConfig(DjangoAdminConfig):
    default_site = "webui.admin_site.RoleAdminSite"
