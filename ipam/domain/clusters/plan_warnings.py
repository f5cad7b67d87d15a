"""What a warning about a plan says. Pure: no database."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlanWarning:
    """What holds, but will disappoint: nothing is refused for it. `issues` are links to where upstream speaks of it."""

    code: str
    field: str
    detail: str
    issues: tuple[str, ...] = ()
