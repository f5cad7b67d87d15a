"""What `manage.py work` does, each by one process at a time."""

from functools import partial

from ipam.api.messages import describe
from ipam.domain.insight import changes, surveying
from ipam.domain.notify import deliverer
from ipam.domain.space import cooling
from ipam.management.working import Task

TASKS = (
    Task("survey", every=60, run=surveying.run_if_due),  # hourly; what is old is thinned by it
    Task("cooling", every=60, run=cooling.expire),  # what was released and has cooled is free again
    Task("alerts", every=60, run=changes.follow),
    Task("deliver", every=1, run=partial(deliverer.run, describe), lasting=True),
)
