"""Permanent wishes for a series at one-minute freshness, held by upper nouns such as alarms."""

from django.db.models import OuterRef, Subquery

from edgeops.estate.models import Hop
from edgeops.metrics.models import Interest, Series


def hold(series: Series, *, holder_kind: str, holder_id: str | int) -> None:
    """Have `series` polled every minute for as long as this holder wants it; holding twice is holding once.

    A series that nobody reads any more is read again: an alarm on it would wait for ever.
    """
    Series.objects.filter(pk=series.pk, stopped_at__isnull=False).update(stopped_at=None)
    Interest.objects.get_or_create(series=series, holder_kind=holder_kind, holder_id=str(holder_id))


def drop_all(*, holder_kind: str, holder_id: str | int) -> None:
    """End every wish of a holder; what nobody else wants of a hop that left its path is read no more."""
    wishes = Interest.objects.filter(holder_kind=holder_kind, holder_id=str(holder_id))
    series_ids = list(wishes.values_list("series_id", flat=True))
    wishes.delete()
    left = Hop.objects.filter(pk=OuterRef("hop_id")).values("retired_at")
    free = Series.objects.filter(pk__in=series_ids, hop__retired_at__isnull=False, stopped_at=None, interests=None)
    Series.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(stopped_at=Subquery(left))
