"""Settings, all from the environment; docs/operations.md lists every variable.

Without any variable set, Twofold runs for one person on this machine: SQLite in a file beside
manage.py, reachable on loopback only. Wrong combinations are reported by `manage.py check`
(see webui/checks.py), not discovered in production.
"""

from webui.settings.api import *
from webui.settings.application import *
from webui.settings.browsers import *
from webui.settings.database import *
from webui.settings.mail import *
from webui.settings.metal_stack import *
from webui.settings.signing_in import *
from webui.settings.webhooks import *
