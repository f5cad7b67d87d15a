"""Tags of metal-stack: a set of texts, each kept whole. Pure.

Each is also a label when cut at its first `=`. Of several with one key the first is; the others, what ends in `=` and
what is no label for another reason stand beside the labels, in a list of their own.
"""

from collections.abc import Iterable, Mapping

from ipam.addressing import shorten
from ipam.labels import MAX_LABEL_BYTES, MAX_LABELS, label_fault

# How keys of a project's labels begin that are of what its `meta` holds there.
PROJECT_KEYS = ANNOTATION, LABEL = "annotation/", "twofold/label-"


def check(tags: Iterable[str]) -> list[str]:
    """Distinct tags in order, as many and as long as labels may be; ValueError."""
    found = sorted(set(tags))
    if len(found) > MAX_LABELS:
        raise ValueError(f"{len(found):,} tags; at most {MAX_LABELS} fit.")
    if (taken := sum(len(tag.encode()) for tag in found)) > MAX_LABEL_BYTES:
        raise ValueError(f"Tags from “{shorten(found[0])}” on take {taken:,} bytes; at most {MAX_LABEL_BYTES:,} fit.")
    return found


def split(tags: Iterable[str], *, reserved: tuple[str, ...] = ()) -> tuple[dict[str, str], list[str]]:
    """Tags as labels, and those that are none; no key of a label begins as `reserved` ones do."""
    labels: dict[str, str] = {}
    others: list[str] = []
    for tag in sorted(set(tags)):
        key, value = cut(tag)
        if is_label(tag) and key not in labels and not key.startswith(reserved):
            labels[key] = value
        else:
            others.append(tag)
    return labels, others


def labels_of_project(tags: Iterable[str], annotations: Mapping[str, str]) -> dict[str, str]:
    """Tags and annotations of a project, which has labels alone: what is no label is the value of one."""
    labels, others = split(tags, reserved=PROJECT_KEYS)
    labels |= {f"{LABEL}{place}": tag for place, tag in enumerate(others)}
    return labels | {f"{ANNOTATION}{key}": text for key, text in annotations.items()}


def joined(labels: Mapping[str, str], others: Iterable[str]) -> list[str]:
    """All tags, in order: what `split` has parted, and labels that came by another door."""
    return sorted({*(f"{key}={value}" if value else key for key, value in labels.items()), *others})


def cut(tag: str) -> tuple[str, str]:
    """Key and value."""
    key, _, value = tag.partition("=")
    return key, value


def is_label(tag: str) -> bool:
    """Whether a label alone can tell it: `a=` would come back as `a`."""
    key, value = cut(tag)
    return bool(key and (value or "=" not in tag)) and not label_fault({key: value})
