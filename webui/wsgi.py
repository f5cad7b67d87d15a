"""The WSGI entry point: `gunicorn webui.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
application = get_wsgi_application()

from webui.limits import bound_statements  # noqa: E402  only now are there settings

bound_statements()
