"""What is read of hops that leave a request path, come back to it, or stand in for another.

Nothing that was read is lost by it: a hop that leaves keeps its series, and those an alarm holds go on being read.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from edgeops.estate.models import Distribution, Hop, HopKind
from edgeops.metrics import catalogue, registry
from edgeops.metrics.models import Interest, Series


def leave(hop: Hop, *, now: datetime) -> None:
    """Take a hop off its path; of its series only those somebody holds are read from now on."""
    with transaction.atomic():
        hop.retired_at = now
        hop.save(update_fields=["retired_at"])
        Series.objects.filter(hop=hop, stopped_at=None, interests=None).update(stopped_at=now)


def rejoin(hop: Hop) -> None:
    """Put a hop back on its path and read of it what was read when it left; what somebody stopped stays stopped."""
    with transaction.atomic():
        Series.objects.filter(hop=hop, stopped_at__isnull=False, stopped_at=hop.retired_at).update(stopped_at=None)
        hop.retired_at = None
        hop.save(update_fields=["retired_at"])
        registry.ensure_series(hop)


def succeed(old: Hop, new: Hop) -> None:
    """Read of a new hop what was read of the one that left for it: what somebody added, not what somebody stopped."""
    before = {(one.metric, one.statistic): one for one in Series.objects.filter(hop=old)}
    stopped = {key: one.stopped_at for key, one in before.items() if one.stopped_at not in {None, old.retired_at}}
    chosen = (catalogue.find_for(new.kind, *key) for key in before)
    with transaction.atomic():
        registry.ensure_series(new)
        registry.create(new, (metric for metric in chosen if metric is not None))
        for one in Series.objects.filter(hop=new):
            if (one.metric, one.statistic) in stopped:
                Series.objects.filter(pk=one.pk).update(stopped_at=stopped[one.metric, one.statistic])


def switch_additional_metrics(distribution: Distribution, *, now: datetime) -> None:
    """Read CloudFront's paid metrics of a distribution if it has them now; if not, only those somebody holds."""
    paid = {one.name for one in catalogue.offered(HopKind.CLOUDFRONT) if one.needs_additional_metrics}
    hops = Hop.objects.on_path().filter(api__distribution=distribution, kind=HopKind.CLOUDFRONT)
    series = Series.objects.filter(hop__in=hops, metric__in=paid)
    if distribution.has_additional_metrics:
        series.update(stopped_at=None)
        for hop in hops.select_related("api__distribution"):
            registry.ensure_series(hop)
    else:
        series.filter(stopped_at=None, interests=None).update(stopped_at=now)


def held(hops: Iterable[Hop]) -> dict[int, int]:
    """How many series of each hop somebody holds, such as an alarm; by the hop's id."""
    rows = Interest.objects.filter(series__hop__in=list(hops)).values("series__hop")
    return dict(rows.annotate(count=Count("series", distinct=True)).values_list("series__hop", "count"))
