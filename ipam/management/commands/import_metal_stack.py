import os
from argparse import ArgumentParser
from collections import Counter
from contextlib import nullcontext
from typing import Any

from django.core.management.base import CommandError
from requests.auth import AuthBase

from ipam import errors
from ipam.domain.core import operations
from ipam.domain.files import documents
from ipam.domain.files.outcomes import REFUSED
from ipam.domain.files.summaries import Summary
from ipam.domain.moving.metal_stack import drift, live, pairs, reading
from ipam.domain.moving.metal_stack.entries import Document
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.moving.mirror import passes
from ipam.management import foreign
from ipam.management.base import SystemCommand
from ipam.wording import count_of

_MAX_LINES = 100  # of outcomes; what is wrong is told in full


class Command(SystemCommand):
    help = (
        "Bring in what metal-stack knows: documents, or what `metalctl network list -o yaml`, `metalctl network ip "
        "list -o yaml` and `metalctl machine list -o yaml` print; all of it or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE", help="YAML, or - for standard input; read as one")
        parser.add_argument("--url", help="a running metal-api instead of files; ends before /v1")
        parser.add_argument(
            "--hmac-env", metavar="NAME", help="the environment variable that holds the key to sign with"
        )
        parser.add_argument("--hmac-type", default="Metal-View", help="whose key it is")
        parser.add_argument("--token-env", metavar="NAME", help="or the one that holds a bearer token")
        parser.add_argument("--follow", action="store_true", help="keep a mirror of it: one pass, for a timer to call")
        parser.add_argument(
            "--max-removed", type=int, default=passes.MAX_REMOVED, metavar="PERCENT", help="of a kind, by one pass"
        )
        parser.add_argument("--take-over", action="store_true", help="end the mirror: all of it is Twofold's own then")
        foreign.add_arguments(parser)
        parser.add_argument(
            "--pair", action="store_true", help="let a machine's IPv4 and IPv6 address in a network be one allocation"
        )

    def handle(self, *, files: list[str], dry_run: bool, skip_refused: bool, pair: bool, **options: Any) -> None:
        try:
            if options["take_over"]:
                self._take_over(dry_run)
            elif options["follow"]:
                self._follow(files, dry_run, pair, options)
            else:
                self._import(_read(files, **options), dry_run, skip_refused, pair)
        except errors.IpamError as error:
            raise foreign.failure(error) from None
        if dry_run:
            self.stdout.write("This was a dry run: nothing was kept.")

    def _import(self, document: Document, dry_run: bool, skip_refused: bool, pair: bool) -> None:
        if pair:
            pairs.pair(document)
        for line in drift.find(document):
            self.stdout.write(line)
        rows = Rows(document)
        summary = foreign.bring_in(rows, dry_run=dry_run, skip_refused=skip_refused, total=len(document))
        for refusal in summary.refusals():
            self.stdout.write(f"Refused: {refusal.detail}")
        self._print(summary)

    def _follow(self, files: list[str], dry_run: bool, pair: bool, options: dict[str, Any]) -> None:
        if files or not options["url"]:
            raise CommandError("A mirror follows a running metal-api. Name it by --url.")
        url, auth = options["url"], _auth(**options)
        made = passes.follow(
            url, live.lists(url, auth), max_removed=options["max_removed"], with_pairs=pair, keep=not dry_run
        )
        for one in made.told:
            self.stdout.write(f"{one['object_name']}: {one['sentence']}")
        self.stdout.write(
            "; ".join(f"{what}: {count:,}" for what, count in made.done.items()) or "Nothing has changed."
        )

    def _take_over(self, dry_run: bool) -> None:
        with operations.dry_run() if dry_run else nullcontext():
            count = passes.take_over()
        one, many = ("would be", "would be") if dry_run else ("is", "are")
        objects = count_of(count, f"object {one}", f"objects {many}")
        self.stdout.write(f"{objects} Twofold's own{'.' if dry_run else ' now. Switch the timer off.'}")

    def _print(self, summary: Summary) -> None:
        counts = Counter({what: n for what, n in summary.of_kinds.items() if what[1] != REFUSED})
        kept = [outcome for state, held in summary.outcomes.items() if state != REFUSED for outcome in held]
        for one in sorted(kept, key=lambda one: one.place)[:_MAX_LINES]:
            self.stdout.write(f"{foreign.word(one.state, one.kind):<9}  {one.kind:<9}  {one.key}")
        words: Counter[str] = Counter(created=0, unchanged=0)
        for state, kind, count in sorted((foreign.word(state, kind), kind, n) for (kind, state), n in counts.items()):
            words[state] += count
            if counts.total() > _MAX_LINES:
                self.stdout.write(f"{state:<9}  {kind:<9}  {count:,} in all")
        self.stdout.write(", ".join(f"{count:,} {state}" for state, count in words.items()) + ".")


def _read(
    files: list[str], *, url: str | None, hmac_env: str | None, hmac_type: str, token_env: str | None, **_: Any
) -> Document:
    """What the files say, or a running metal-api."""
    if bool(files) == bool(url):
        raise CommandError("Name files, or a running metal-api by --url.")
    if not url:
        return reading.parse_all(map(documents.opened, files))
    return reading.parse_lists(live.lists(url, _auth(hmac_env=hmac_env, hmac_type=hmac_type, token_env=token_env)))


def _auth(*, hmac_env: str | None, hmac_type: str, token_env: str | None, **_: Any) -> AuthBase:
    """How to sign in, by what stands in the environment."""
    if bool(hmac_env) == bool(token_env):
        raise CommandError("Say how to sign in: --hmac-env or --token-env, the name of an environment variable.")
    name = hmac_env or token_env or ""
    if not (secret := os.environ.get(name)):
        raise CommandError(f"The environment variable {name} is empty. Put the key or token there.")
    return live.Hmac(secret, hmac_type) if hmac_env else live.Bearer(secret)
