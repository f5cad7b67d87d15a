"""Doors for metal-stack's own clients; shut unless opened here."""

import environ

_env = environ.Env()

METAL_API = _env.bool("METAL_API", default=False)  # metal-api v1 below /metal/v1/
# One key each for metal-stack's HMAC sign-in; an empty key signs nobody in.
METAL_HMAC_KEYS = {
    "admin": _env.str("METAL_HMAC_ADMIN", default=""),
    "edit": _env.str("METAL_HMAC_EDIT", default=""),
    "view": _env.str("METAL_HMAC_VIEW", default=""),
}

# go-ipam's service, on a socket of its own and without sign-in: `manage.py serve_go_ipam` serves it.
GO_IPAM_BIND = _env.str("GO_IPAM_BIND", default="127.0.0.1:9090")
# The project of what is taken in go-ipam's namespace “root”; it is made when it is first needed.
GO_IPAM_PROJECT = _env.str("GO_IPAM_PROJECT", default="60197a2b-0d8a-5b44-8d5f-60a1f0d10a3e")
