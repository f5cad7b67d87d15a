"""Transport, and what browsers and proxies are told."""

import environ
from csp.constants import NONE, SELF

from webui.settings.numbers import number

env = environ.Env()

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
# Where links of mails and webhooks lead, for they have no request to read it from.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would sign people out whenever they follow a link from a chat
SESSION_COOKIE_AGE = 3600 * number("SESSION_HOURS", 12, least=1)  # seconds since signing in
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
