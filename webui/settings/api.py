"""The REST API and its description."""

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
        "WebhookState": ["active", "backing_off", "disabled"],
    },
}
