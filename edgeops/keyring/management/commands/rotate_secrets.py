"""Encrypt everything anew with the first key, so that the others can be dropped."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from edgeops import rotation
from edgeops.access import audit
from edgeops.keyring import reading
from edgeops.rotation import Rotation

NAMED = 20  # of a column's unreadable rows; bodies of posts may be many


class Command(BaseCommand):
    """`manage.py rotate_secrets`."""

    help = (
        "Encrypt every stored secret and body anew with the first key of EDGEOPS_ENCRYPTION_KEYS, while EdgeOps runs. "
        "Interrupted, it goes on where it was when it is run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say for each column what was done; fail when there is something that no key reads."""
        if not settings.ENCRYPTION_KEYS:
            raise CommandError("EDGEOPS_ENCRYPTION_KEYS is empty, so there is no key to encrypt with.")
        done = []
        for column in reading.COLUMNS:
            done.append(rotation.rotate(column))
            self._tell(done[-1])
        self._record(done)
        if left := sum(len(one.unreadable) for one in done):
            raise CommandError(
                f"{left} can be read by no key of EDGEOPS_ENCRYPTION_KEYS and are left as they are. Add the key they "
                "were encrypted with at the end of the list and run this again. If it is lost, make new secrets on the "
                "pages of these channels and endpoints; bodies go by themselves after 7 days."
            )
        self.stdout.write("Everything is encrypted with the first key. The others can be dropped from the list.")

    def _tell(self, one: Rotation) -> None:
        counts = f"{one.renewed} encrypted anew, {one.current} already under the first key"
        self.stdout.write(f"{one.column}: {counts}, {len(one.unreadable)} unreadable")
        for name in one.unreadable[:NAMED]:
            self.stdout.write(f"  unreadable: {name}")
        if (more := len(one.unreadable) - NAMED) > 0:
            self.stdout.write(f"  and {more} more")

    def _record(self, done: Sequence[Rotation]) -> None:
        renewed = {str(one.column): one.renewed for one in done if one.renewed}
        if renewed:
            summary = f"{sum(renewed.values())} secrets and bodies encrypted anew with the first key"
            audit.record(
                audit.SYSTEM,
                "encryption.rotated",
                subject=("encryption_keys", "first"),
                summary=summary,
                detail=renewed,
                now=timezone.now(),
            )
