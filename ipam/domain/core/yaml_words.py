"""Text that PyYAML writes as it is, though other readers of YAML take it for something else."""

import re
from typing import TypeVar

import yaml
from yaml.resolver import Resolver

D = TypeVar("D", bound=type[Resolver])

# Booleans of YAML 1.1 that PyYAML does not know, and numbers as 1.2, Go's and Ruby's readers have them. All others it
# quotes by itself.
_OTHERWISE = re.compile(
    r"""(?: [yYnN]
    | [-+]? ([0-9][0-9_,]*(\.[0-9_]*)? | \.[0-9]+) ([eE][-+]?[0-9]+)?
    | [-+]? 0[oObBxX][0-9a-fA-F_]+
    | [-+]? [0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? )\Z""",
    re.VERBOSE,
)
_FIRST = list("yYnN+-.0123456789")


def quoted(dumper: D) -> D:
    """Let a dumper quote such text too."""
    dumper.add_implicit_resolver("tag:yaml.org,2002:float", _OTHERWISE, _FIRST)
    return dumper


@quoted
class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The quickest that there is."""
