"""Labels of objects: what an object of texts is, and how many and how long they may be. Pure."""

from collections.abc import Mapping

from ipam.addressing import shorten
from ipam.values import parse_text

MAX_LABELS, LABEL_VALUE_LENGTH, MAX_LABEL_BYTES = 100, 2000, 256_000
LABEL_PREFIX_LENGTH, LABEL_NAME_LENGTH = 253, 63  # of a key, as Kubernetes has them: prefix/name, or a name alone
LABEL_LENGTH = 2400  # of what asks for one, `key` or `key=value`: all that fits above, and to spare


def split_label(text: str) -> tuple[str, str | None]:
    """The key and the value of a label that is asked for, as `key` or `key=value`; without the latter any value."""
    key, has_value, value = text.partition("=")
    return key, value if has_value else None


def parse_texts(found: object) -> dict[str, str]:
    """An object of texts, of any size."""
    if not isinstance(found, Mapping) or not all(isinstance(one, str) for pair in found.items() for one in pair):
        raise ValueError(f'“{shorten(found)}” is no object of texts, such as {{"stage": "prod"}}.')
    return {parse_text(key): parse_text(text) for key, text in found.items()}


def parse_labels(found: object) -> dict[str, str]:
    """The labels of one object, within their bounds (`label_fault`); they are counted before any is judged."""
    if isinstance(found, Mapping) and len(found) > MAX_LABELS:
        raise ValueError(label_fault(found))
    labels = parse_texts(found)
    if "" in labels:
        raise ValueError("“” is no key of a label.")
    if fault := label_fault(labels):
        raise ValueError(fault)
    return labels


def label_fault(labels: Mapping[str, str]) -> str:
    """What is too much about the labels of one object, in a sentence; empty when nothing is."""
    if len(labels) > MAX_LABELS:
        return f"{len(labels):,} labels; at most {MAX_LABELS} fit."
    for key, text in labels.items():
        prefix, _, name = key.rpartition("/")
        if len(name) > LABEL_NAME_LENGTH or len(prefix) > LABEL_PREFIX_LENGTH:
            return (
                f"The label key “{shorten(key)}” is too long: at most {LABEL_NAME_LENGTH} characters, and before a "
                f"slash {LABEL_PREFIX_LENGTH} more."
            )
        if len(text) > LABEL_VALUE_LENGTH:
            return f"The label “{shorten(key)}” has {len(text):,} characters; at most {LABEL_VALUE_LENGTH:,} fit."
    taken = label_bytes(labels)
    most = f"at most {MAX_LABEL_BYTES:,} fit in those of one object."
    return f"The labels take {taken:,} bytes; {most}" if taken > MAX_LABEL_BYTES else ""


def label_bytes(labels: Mapping[str, str]) -> int:
    """How much room labels take, in UTF-8."""
    return sum(len(key.encode()) + len(text.encode()) for key, text in labels.items())
