from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class WebuiConfig(AppConfig):
    name = "webui"
    verbose_name = "Twofold dashboard"

    def ready(self) -> None:
        from webui import checks  # noqa: F401  registers the system checks


class AdminConfig(DjangoAdminConfig):
    default_site = "webui.admin_site.RoleAdminSite"
