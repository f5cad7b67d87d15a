"""Measurements of the goals that docs/performance.md lists; `python -m tests.bench` runs them.

Importing the package sets Django up, so that worker processes can be given functions of its modules.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")  # a line per request would bury the table
django.setup()
