"""Where it runs, what it is made of, its static files, language and logs."""

import warnings
from pathlib import Path

import environ

from webui.settings.numbers import number

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = env.bool("DEBUG", default=False)
_hosts = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# A Host header has IPv6 in brackets; the address of a pod comes without.
ALLOWED_HOSTS = [f"[{host}]" if ":" in host and not host.startswith("[") else host for host in _hosts]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "ipam.apps.IpamConfig",
    "webui.apps.WebuiConfig",
    "webui.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_filters",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
]

MIDDLEWARE = [
    "webui.middleware.Acting",
    "webui.request_log.RequestLog",
    "webui.middleware.BrowserRules",
    "webui.limits.RequestTime",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webui.middleware.Compression",
    "webui.middleware.Policy",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ipam.api.short_way.ShortWay",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webui.middleware.RefusalPages",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "webui.urls"
WSGI_APPLICATION = "webui.wsgi.application"

# Widgets of ours come from templates/ like every other template.
FORM_RENDERER = "webui.form_renderer.Renderer"
_template_loaders = ["webui.template_loader.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                ("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", _template_loaders)])
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webui.context.navigation",
            ],
        },
    }
]

# --- Space ------------------------------------------------------------------------------------
# 0.0.0.0/8 and 240.0.0.0/4: most routers and hosts refuse them (ipam/special_ranges.py).
ALLOW_RESERVED_IPV4 = env.bool("ALLOW_RESERVED_IPV4", default=False)
# What upstream does not do yet and this installation does (ipam/domain/clusters/support.py).
METAL_REPORTS_NETWORKING = env.bool("METAL_REPORTS_NETWORKING", default=False)
GARDENER_MIGRATES_MASKS = env.bool("GARDENER_MIGRATES_MASKS", default=False)

# --- Limits; 0: none --------------------------------------------------------------------------
REQUEST_SECONDS = number("REQUEST_SECONDS", 60)  # then a request ends at its next statement
REQUESTS_PER_MINUTE = number("REQUESTS_PER_MINUTE", 24_000)  # per token and web process
REQUESTS_AT_ONCE = number("REQUESTS_AT_ONCE", 6)  # likewise; below WEB_THREADS, or it limits nothing
# How many requests of a process may wait for events; 0: none. The others keep the rest of its threads.
EVENT_WAITERS = number("EVENT_WAITERS", max(0, number("WEB_THREADS", 8) - 2))
# On PostgreSQL, in web processes alone (webui/wsgi.py): imports and surveys take the time that they take.
DATABASE_TIMEOUTS = {
    "statement_timeout": number("DATABASE_STATEMENT_SECONDS", 15),
    "lock_timeout": number("DATABASE_LOCK_SECONDS", 10),
    "idle_in_transaction_session_timeout": number("DATABASE_IDLE_SECONDS", 60),
}

# --- Time ------------------------------------------------------------------------------------
HISTORY_STEPS_DAYS = number("HISTORY_STEPS_DAYS", 30, least=1)  # older, one sample of a day is kept
HISTORY_DAYS = number("HISTORY_DAYS", 400, least=1)  # older, one of a month
UNDO_SECONDS = number("UNDO_SECONDS", 600)  # after it was done; 0: nothing is undone

# --- Static files -----------------------------------------------------------------------------
# Before the first `collectstatic` there is no folder to serve from, and no need for one.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Straight from the packages while developing; hashed and compressed after `collectstatic`.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "webui.static_files.StaticFiles"},
}

# --- Language and logs ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False  # pages are in English alone; each look-up of a word would cost
NUMBER_GROUPING = 3  # where a page groups digits
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "webui.request_log.RequestId"}},
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "webui.request_log.JsonLine"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", default="text"),
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Each request has its line already: of Django's own only tracebacks add something. The pool would tell of an outage
    # once per connection that it tries; ipam.domain.core.outages does once per request.
    # ADMINS get no mail of each, as Django would send it.
    "loggers": {
        "django": {"handlers": []},
        "django.request": {"level": "ERROR"},
        "psycopg.pool": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}
