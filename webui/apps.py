import gc

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class WebuiConfig(AppConfig):
    name = "webui"
    verbose_name = "Twofold dashboard"

    def ready(self) -> None:
        from webui import checks  # noqa: F401  registers the system checks

        # Code that is loaded stays, and what a request or a row of an import makes are seldom cycles: with Python's
        # defaults a fifth of an import is spent on looking for them (docs/performance.md).
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)  # objects made, collections of the young, of the middle-aged


class AdminConfig(DjangoAdminConfig):
    default_site = "webui.admin_site.RoleAdminSite"
