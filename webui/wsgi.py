"""The WSGI entry point: `gunicorn webui.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
application = get_wsgi_application()

from ipam.domain.core import bounds  # noqa: E402  only now are there settings
from webui import secret_key  # noqa: E402

secret_key.require_shared()
bounds.bound_statements()
