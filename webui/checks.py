"""System checks: combinations of settings that would hurt in production, each with an id."""

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from webui import group_roles


@register(Tags.security, deploy=True)
def check_secret_key_is_given(**kwargs: object) -> list[CheckMessage]:
    if settings.SECRET_KEY_IS_SHARED:
        return []
    return [
        Error(
            "SECRET_KEY is not set, and all processes that share PostgreSQL must share it: web processes do not start.",
            hint="Set SECRET_KEY to 50 or more random characters that stay the same.",
            id="webui.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts_are_named(**kwargs: object) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS contains '*': any Host header is believed.",
            hint="Set ALLOWED_HOSTS to the names that people use, separated by commas.",
            id="webui.E002",
        )
    ]


@register(Tags.database, deploy=True)
def check_database_allows_many_processes(**kwargs: object) -> list[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    return [
        Warning(
            "The database is SQLite: writers take turns, and all processes must run on one machine.",
            hint="Set DATABASE_URL=postgres://… for more, or silence webui.W001 when one machine is enough.",
            id="webui.W001",
        )
    ]


@register()
def check_debug_is_local(**kwargs: object) -> list[CheckMessage]:
    public = {"localhost", "127.0.0.1", "[::1]"}
    if not settings.DEBUG or set(settings.ALLOWED_HOSTS) <= public:
        return []
    return [
        Error(
            "DEBUG is on while ALLOWED_HOSTS names other hosts: error pages would show settings to strangers.",
            hint="Unset DEBUG, or serve on loopback only.",
            id="webui.E003",
        )
    ]


@register()
def check_groups_give_roles(**kwargs: object) -> list[CheckMessage]:
    if not settings.OIDC_ISSUER or not settings.OIDC_ROLES:
        return []
    try:
        group_roles.read(settings.OIDC_ROLES)
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="docs/operations.md shows such a file.", id="webui.E004")]
    return []


@register()
def check_somebody_can_sign_in(**kwargs: object) -> list[CheckMessage]:
    if settings.LOCAL_PASSWORDS or settings.OIDC_ISSUER:
        return []
    return [
        Error(
            "LOCAL_PASSWORDS is off and there is no identity provider: nobody can sign in.",
            hint="Set OIDC_ISSUER and what belongs to it, or LOCAL_PASSWORDS=true.",
            id="webui.E005",
        )
    ]


@register(Tags.security, deploy=True)
def check_provider_is_reached_by_tls(**kwargs: object) -> list[CheckMessage]:
    if not settings.OIDC_ISSUER:
        return []
    names = ["OIDC_OP_AUTHORIZATION_ENDPOINT", "OIDC_OP_TOKEN_ENDPOINT", "OIDC_OP_JWKS_ENDPOINT"]
    return [
        Error(
            f"{name} is no https address: whoever listens can sign in as anybody.",
            hint="Use the https address of the identity provider.",
            id="webui.E006",
        )
        for name in names
        if not getattr(settings, name).startswith("https://")
    ]


@register(Tags.security)
def check_secrets_can_be_kept(**kwargs: object) -> list[CheckMessage]:
    try:
        for key in filter(None, settings.SECRETS_KEY.split(",")):
            Fernet(key.strip())
    except ValueError:
        return [
            Error(
                "SECRETS_KEY has a key that is none: secrets of webhooks can neither be kept nor read.",
                hint="docs/operations.md says how one is made: 32 bytes in url-safe base64.",
                id="webui.E007",
            )
        ]
    return []
