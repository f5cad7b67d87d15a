"""Documents as YAML that every reader takes for the same values, whatever is in them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ipam.domain.core import yaml_words

Document = Mapping[str, Any]
# What reads as text in every version of YAML; all else is quoted: addresses, versions, what people typed.
_PLAIN = re.compile(r"[A-Za-z<][A-Za-z0-9_./<>-]*")


@yaml_words.quoted
class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        """What occurs twice is written twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of lists stand under their key, indented."""
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


_Dumper.add_representer(str, _text)


def written(documents: Iterable[Document]) -> str:
    """The documents one after the other, their keys as they come."""
    return "---\n".join(_written(one) for one in documents)


def _written(document: Document) -> str:
    text = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return str(text)


def comment(text: str) -> str:
    """A text as lines of a comment."""
    return "".join(f"# {line}\n" for line in text.splitlines())
