"""Settings, all from the environment; docs/operations.md lists every variable.

Without any variable set, Twofold runs for one person on this machine: SQLite in a file beside
manage.py, reachable on loopback only. Wrong combinations are reported by `manage.py check`
(see webui/checks.py), not discovered in production.
"""

import warnings
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from webui import secret_key

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

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
]

MIDDLEWARE = [
    "webui.middleware.Acting",
    "webui.request_log.RequestLog",
    "webui.middleware.BrowserRules",
    "webui.limits.RequestTime",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "webui.middleware.RefusalPages",
]

ROOT_URLCONF = "webui.urls"
WSGI_APPLICATION = "webui.wsgi.application"

# Widgets of ours come from templates/ like every other template.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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

# --- Database ---------------------------------------------------------------------------------
_pooler = env.str("DATABASE_POOLER_URL", default="")
DATABASE_POOLER = env.db_url_config(_pooler) if _pooler else {}  # for web processes, in place of it: webui/limits.py
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # A transaction that will write takes the write lock at once: no deadlock by lock upgrade.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,  # seconds a writer waits for its turn
        # synchronous=FULL: an address that was answered is still allocated after a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-64000;",
    }
    # Tests use a file, so that other processes can open the same database.
    _database["TEST"] = {"NAME": str(BASE_DIR / f"db.sqlite3.test-{env.str('PYTEST_XDIST_WORKER', default='main')}")}
else:
    # Stateless web processes share connections by a pool, one per process.
    _database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": env.int("DATABASE_POOL_MIN", default=1),
        "max_size": env.int("DATABASE_POOL_MAX", default=10),
        "timeout": env.int("DATABASE_POOL_SECONDS", default=5),  # until a request that gets none is refused
        "reconnect_timeout": 5,  # seconds; else the pool waits longer and longer, also when PostgreSQL is back
    }
    _database["CONN_HEALTH_CHECKS"] = True  # a connection that PostgreSQL has closed is replaced, not handed out

# All processes that sign in the same people need one key. An embedded database keeps it beside itself; for PostgreSQL
# it has to be given: commands do without, and webui/wsgi.py does not start.
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY and _database["ENGINE"] == "django.db.backends.sqlite3" and _database["NAME"] != ":memory:":
    SECRET_KEY = secret_key.beside(Path(_database["NAME"]))
SECRET_KEY_IS_SHARED = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or get_random_secret_key()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Space ------------------------------------------------------------------------------------
# 0.0.0.0/8 and 240.0.0.0/4: most routers and hosts refuse them (ipam/special_ranges.py).
ALLOW_RESERVED_IPV4 = env.bool("ALLOW_RESERVED_IPV4", default=False)

# --- People -----------------------------------------------------------------------------------
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Signing in -------------------------------------------------------------------------------
LOCAL_PASSWORDS = env.bool("LOCAL_PASSWORDS", default=True)
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # counts and locks, and lets nobody in
    *(["django.contrib.auth.backends.ModelBackend"] if LOCAL_PASSWORDS else []),
    *(["webui.oidc.ProviderBackend"] if OIDC_ISSUER else []),
    "webui.backends.RoleBackend",
]
INSTALLED_APPS += ["axes"]
MIDDLEWARE += ["axes.middleware.AxesMiddleware"]
# Who is locked, and for how long, says webui/throttling.py.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_HANDLER = "webui.throttling.Throttle"
AXES_CLIENT_IP_CALLABLE = "webui.throttling.source"
AXES_WHITELIST_CALLABLE = "webui.throttling.is_no_guess"
AXES_LOCKOUT_CALLABLE = "webui.throttling.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else trying again would take back what the page promises
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken"]  # people type passwords into the wrong box
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True

# OpenID Connect is off without OIDC_ISSUER; with it what is missing stops the start.
if OIDC_ISSUER:
    OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
    OIDC_RP_CLIENT_ID = env.str("OIDC_CLIENT_ID")
    # The variable, or with _FILE the file that a container mounts for it.
    OIDC_RP_CLIENT_SECRET = environ.FileAwareEnv().str("OIDC_CLIENT_SECRET").strip()
    OIDC_OP_AUTHORIZATION_ENDPOINT = env.str("OIDC_AUTHORIZATION_ENDPOINT")
    OIDC_OP_TOKEN_ENDPOINT = env.str("OIDC_TOKEN_ENDPOINT")
    OIDC_OP_JWKS_ENDPOINT = env.str("OIDC_JWKS_URI")
    OIDC_OP_USER_ENDPOINT = ""  # not asked: what counts is in the signed token
    OIDC_RP_SCOPES = env.str("OIDC_SCOPES", default="openid profile")
    OIDC_RP_SIGN_ALGO = "RS256"
    OIDC_USE_PKCE = True
    OIDC_TIMEOUT = 10  # seconds that the provider may take
    OIDC_AUTHENTICATION_CALLBACK_URL = "provider-callback"
    OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
    OIDC_ROLES = env.str("OIDC_ROLES", default="")  # a file: webui/group_roles.py

# --- Transport and browser security -----------------------------------------------------------
# HTTPS=true says that browsers reach Twofold by https (usually through a proxy that ends TLS).
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:  # no neighbouring site and no answer by http can set cookies of these names (RFC 6265bis)
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# A proxy in front ends TLS and says who calls by X-Forwarded-For; without one anybody could say so.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=HTTPS)
if HTTPS and BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(healthz|readyz)/$", r"^metrics$"]  # probes come without the proxy
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would sign people out whenever they follow a link from a chat
SESSION_COOKIE_AGE = 3600 * env.int("SESSION_HOURS", default=12)  # seconds since signing in
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The largest request (1,000 addresses with names and labels) fits several times.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes
STRANGERS_UPLOAD_MAX_MEMORY_SIZE = 64_000  # bytes; who has not signed in sends a name and a password
# An action on the most rows at once (1,000) names each of them, and its form has some fields more.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_100


# --- Limits -----------------------------------------------------------------------------------
REQUEST_SECONDS = env.int("REQUEST_SECONDS", default=60)  # then a request ends at its next statement
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=6000)  # per token and web process; 0: no limit
REQUESTS_AT_ONCE = env.int("REQUESTS_AT_ONCE", default=6)  # likewise; below WEB_THREADS, or it limits nothing
# On PostgreSQL, in web processes alone (webui/wsgi.py): imports and surveys take the time that they take.
DATABASE_TIMEOUTS = {
    "statement_timeout": env.int("DATABASE_STATEMENT_SECONDS", default=15),
    "lock_timeout": env.int("DATABASE_LOCK_SECONDS", default=10),
    "idle_in_transaction_session_timeout": env.int("DATABASE_IDLE_SECONDS", default=60),
}

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

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ipam.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["ipam.api.throttling.PerToken", "ipam.api.throttling.AtOnce"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ipam.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "ipam.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ipam.api.errors.problem_response",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Twofold",
    "DESCRIPTION": "The dual-stack address space of a bare-metal cloud: networks, prefixes, VRFs, addresses, machines.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ipam.api.description.add_links",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AddressFamily": ["ipv4", "ipv6"],
        "AddressFamilies": ["ipv4", "ipv6", "dual-stack"],
        "NetworkType": "ipam.models.networks.NetworkType",
        "AddressType": "ipam.models.addresses.IPAddress.Type",
    },
}

# --- Language and logs ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
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
    "loggers": {
        "django.request": {"level": "ERROR"},
        "psycopg.pool": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}
