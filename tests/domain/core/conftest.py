"""The small cloud of `world.py`, as tests ask for it."""

from django.contrib.auth.models import User

from tests.domain.core.world import World
from tests.shared import shared_fixture


@shared_fixture
def world(operator: User) -> World:
    return World(operator)
