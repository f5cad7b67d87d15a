"""People: passwords, how often they may be guessed, and the identity provider."""

from datetime import timedelta

import environ

env = environ.Env()

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

LOCAL_PASSWORDS = env.bool("LOCAL_PASSWORDS", default=True)
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # counts and locks, and lets nobody in
    *(["django.contrib.auth.backends.ModelBackend"] if LOCAL_PASSWORDS else []),
    *(["webui.oidc.ProviderBackend"] if OIDC_ISSUER else []),
    "webui.backends.RoleBackend",
]
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
