"""What a page says at its top, or in its corner, of what has just been done: with what to copy, open and undo."""

import json
from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest

from ipam.domain.undo import undoing

DONE = "done"  # the tag of a message that is the text of a notice
MAX_SHOWN = 4  # addresses and prefixes
_MAX_COPIED = 20  # of them; a cookie brings them to the next page


def tell(request: HttpRequest, verb: str, items: Sequence[object], *, link: str = "") -> None:
    """Let the next page say what this request has done to these addresses or prefixes, and offer to undo it.

    `link` is the page of what they are now. One statement, for the event.
    """
    event, texts = undoing.newest(), [str(one) for one in items[:_MAX_COPIED]]
    until = event.undo_until if event else None
    notice = {
        "verb": verb,
        "items": texts,
        "count": len(items),
        "link": link,
        "event": event.pk if event and until else None,
        "until": until.isoformat() if until else None,
    }
    messages.success(request, json.dumps(notice), extra_tags=DONE)


def read(text: str) -> dict[str, object]:
    """The notice that `tell` has left, in the words of its template."""
    notice = json.loads(text)
    texts, count = notice["items"], notice["count"]
    return {
        **notice,
        "until": notice["until"] and datetime.fromisoformat(notice["until"]),
        "shown": texts[:MAX_SHOWN],
        "hidden": count - len(texts[:MAX_SHOWN]),
        "sentence": ", ".join(texts[:MAX_SHOWN]) + " …" * (count > MAX_SHOWN),
        "copied": "\n".join(texts),
        "copy_label": {1: "Copy", 2: "Copy both"}.get(count, f"Copy all {count}" if 0 < count == len(texts) else ""),
    }
