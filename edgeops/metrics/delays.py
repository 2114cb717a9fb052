"""How late CloudWatch's values still come or change, learned by namespace from what polls a minute apart have seen.

The catalogue's delay is a cautious guess. Once enough polls have looked, the latest change of the last days, and a
minute on top, tells better: alarms then judge neither too early nor later than need be.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection

from edgeops.metrics.models import SettlingDelay

REMEMBERED_DAYS = 3
ENOUGH_POLLS = 60
MARGIN_SECONDS = 60
LEAST_SECONDS, MOST_SECONDS = 60, 900
MINUTE_APART = timedelta(seconds=90)
"""Only what was looked at this recently tells when a value changed, and not merely that it did."""

LEARN = """
INSERT INTO metrics_settlingdelay (account_id, region, namespace, day, polls, latest_seconds)
VALUES (%s, %s, %s, %s, 1, %s)
ON CONFLICT (account_id, region, namespace, day) DO UPDATE SET
    polls = metrics_settlingdelay.polls + 1,
    latest_seconds = CASE WHEN excluded.latest_seconds > metrics_settlingdelay.latest_seconds
                     THEN excluded.latest_seconds ELSE metrics_settlingdelay.latest_seconds END
"""
LEARNED = """
SELECT namespace, MAX(latest_seconds) FROM metrics_settlingdelay
WHERE account_id = %s AND region = %s AND day > %s GROUP BY namespace HAVING SUM(polls) >= %s
"""


def learn(account_id: int, region: str, latest: Mapping[str, int], now: datetime) -> None:
    """Add one poll: the latest change it saw of each namespace, in seconds after the end of the bucket; 0 for none."""
    day = connection.ops.adapt_datefield_value(now.date())
    rows = [(account_id, region, namespace, day, seconds) for namespace, seconds in sorted(latest.items())]
    with connection.cursor() as cursor:
        cursor.executemany(LEARN, rows)


def learned(account_id: int, region: str, now: datetime) -> dict[str, int]:
    """Seconds by namespace after which values no longer change; a namespace not looked at enough is not in it."""
    since = connection.ops.adapt_datefield_value(now.date() - timedelta(days=REMEMBERED_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(LEARNED, [account_id, region, since, ENOUGH_POLLS])
        return {
            namespace: min(max(latest + MARGIN_SECONDS, LEAST_SECONDS), MOST_SECONDS)
            for namespace, latest in cursor.fetchall()
        }


def tidy(now: datetime) -> int:
    """Forget days nobody learns from any more; how many."""
    return SettlingDelay.objects.filter(day__lte=now.date() - timedelta(days=REMEMBERED_DAYS)).delete()[0]


def lateness(epochs: Iterable[int], period: int, now: datetime) -> int:
    """Seconds between the end of the oldest of these buckets and `now`, when its value was seen to come or change."""
    return max((int(now.timestamp()) - epoch - period for epoch in epochs), default=0)
