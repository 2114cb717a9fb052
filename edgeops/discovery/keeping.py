"""How long is kept what was asked of AWS."""

from datetime import datetime, timedelta
from uuid import UUID

from edgeops.discovery.models import Discovery

KEPT = timedelta(days=7)
AT_ONCE = 500


def tidy(now: datetime) -> None:
    """Delete what was asked a week ago, but what waits, what is undecided, and the newest look at each API."""
    old = Discovery.objects.filter(requested_at__lt=now - KEPT, next_at__isnull=True)
    kept = {*Discovery.objects.undecided().values_list("pk", flat=True), *_newest()}
    gone = [pk for pk in old.values_list("pk", flat=True) if pk not in kept]
    for first in range(0, len(gone), AT_ONCE):
        Discovery.objects.filter(pk__in=gone[first : first + AT_ONCE]).delete()


def _newest() -> set[UUID]:
    """The newest look at each API: it remembers what was dismissed."""
    newest: dict[int | None, UUID] = {}
    for api_id, pk in Discovery.objects.looks().values_list("api_id", "pk"):
        newest.setdefault(api_id, pk)
    return set(newest.values())
