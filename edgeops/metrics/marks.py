"""What an answer changes on its series: up to where they are stored and settled, what lies uncovered, what is wrong.

Everything happens in the transaction that stores the datapoints. Marks move over complete answers alone and never back.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.db import connection

from edgeops.aws.cloudwatch import ACTION, Status
from edgeops.metrics import catalogue, delays, history, moments, periods, windows
from edgeops.metrics.history import Missing
from edgeops.metrics.models import Lane, PollBatch, Series
from edgeops.metrics.storing import Buckets

UNKNOWN_DELAY_SECONDS = 300
NO_ANSWER = "no answer"
ASK_FORBIDDEN_AGAIN = timedelta(hours=1)
NAMES = ("id", "namespace", "metric", "statistic", "trouble")
COLUMNS = ("polled_at", "settled_until", "first_datapoint_at", "data_until", "five_minutes_until", "hours_until")
_SELECTED = ", ".join((*NAMES, *(f"CAST({column} AS text)" for column in COLUMNS)))


class Mark(NamedTuple):
    """A series and its marks as they are in the database."""

    pk: int
    namespace: str
    metric: str
    statistic: str
    trouble: str
    polled_at: datetime | None
    settled_until: datetime | None
    first_datapoint_at: datetime | None
    data_until: datetime | None
    five_minutes_until: datetime | None
    hours_until: datetime | None


def lock(series_ids: Sequence[int]) -> dict[int, Mark]:
    """The marks of these series, held until the transaction ends; those that were deleted are not in it."""
    ids = ", ".join(["%s"] * len(series_ids))
    hold = "FOR UPDATE" if connection.features.has_select_for_update else ""
    sql = f"SELECT {_SELECTED} FROM metrics_series WHERE id IN ({ids}) ORDER BY id {hold}"  # noqa: S608 (constants)
    with connection.cursor() as cursor:
        cursor.execute(sql, series_ids)
        rows = cursor.fetchall()
    return {row[0]: Mark(*row[: len(NAMES)], *map(moments.parse, row[len(NAMES) :])) for row in rows}


def move(batch: PollBatch, marks: Mapping[int, Mark], complete: Mapping[int, Buckets], now: datetime) -> None:
    """Move the marks of the series that answered completely, and close or open the gaps before them."""
    learned = delays.learned(batch.account_id, batch.region, now)

    @cache
    def settled_after(delay: int) -> datetime:
        return min(batch.end, windows.settled_boundary(now, delay, batch.period))

    moved, missing = [], []
    for pk, buckets in complete.items():
        mark = marks.get(pk)
        if mark is None:
            continue
        settled = settled_after(delay_of(mark, learned))
        new = _moved(mark, batch, buckets, settled, now)
        if batch.lane in LIVE and (mark.settled_until is None or mark.settled_until < batch.start):
            missing.append(Missing(pk, mark.settled_until, mark.five_minutes_until, mark.hours_until))
            new = new._replace(
                five_minutes_until=_later(mark.five_minutes_until, windows.floor(settled, periods.FIVE_MINUTES)),
                hours_until=_later(mark.hours_until, windows.floor(settled, periods.HOUR)),
            )
        if new != mark:
            moved.append(new)
    _write(moved)
    if missing:
        # Where the delays of several namespaces differ, the earliest mark leaves nothing out.
        settled = min(new.settled_until for new in moved if new.settled_until is not None)
        history.note(missing, resumed_at=batch.start, settled=settled, now=now)
    if batch.lane == Lane.HISTORY:
        history.close(sorted(complete), batch, now)


def delay_of(mark: Mark, learned: Mapping[str, int]) -> int:
    """Seconds until the values of a series no longer change: as seen lately, or else as the catalogue has it."""
    if mark.namespace in learned:
        return learned[mark.namespace]
    metric = catalogue.find(mark.namespace, mark.metric, mark.statistic)
    return UNKNOWN_DELAY_SECONDS if metric is None else metric.delay_seconds


LIVE = (Lane.WATCHED, Lane.SLOW, Lane.BACKFILL)


def _moved(mark: Mark, batch: PollBatch, buckets: Buckets, settled: datetime, now: datetime) -> Mark:
    first, data_until = mark.first_datapoint_at, mark.data_until
    if buckets:
        oldest = moments.of_epoch(min(buckets))
        first = oldest if first is None else min(first, oldest)
    if batch.lane in LIVE:
        if buckets:
            data_until = _later(data_until, moments.of_epoch(max(buckets) + batch.period))
        return mark._replace(
            polled_at=_later(mark.polled_at, now),
            settled_until=_later(mark.settled_until, settled),
            first_datapoint_at=first,
            data_until=data_until,
        )
    mark = mark._replace(first_datapoint_at=first)
    if batch.lane == Lane.LONG:
        if batch.period == periods.FIVE_MINUTES:
            return mark._replace(five_minutes_until=_later(mark.five_minutes_until, settled))
        return mark._replace(hours_until=_later(mark.hours_until, settled))
    return mark


def _later(known: datetime | None, found: datetime) -> datetime:
    return found if known is None else max(known, found)


def _write(moved: Sequence[Mark]) -> None:
    """One prepared statement for all: an UPDATE with a CASE for each of 500 rows takes twenty times as long."""
    changes = ", ".join(f"{column} = %s" for column in COLUMNS)
    rows = [(*map(moments.adapted, mark[len(NAMES) :]), mark.pk) for mark in moved]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE metrics_series SET {changes} WHERE id = %s", rows)  # noqa: S608 (constants)


def learn(batch: PollBatch, marks: Mapping[int, Mark], complete: Iterable[int], changed: Mapping[int, int],
          now: datetime) -> None:  # fmt: skip
    """Take from a poll a minute after the last one how late values came: new ones, and old ones that changed.

    `changed` has the oldest bucket that did, by series. The first datapoint a series ever had tells nothing.
    """
    if batch.lane != Lane.WATCHED:
        return
    latest: dict[str, int] = {}
    for mark in (marks[pk] for pk in complete if pk in marks):
        if mark.polled_at is None or now - mark.polled_at > delays.MINUTE_APART:
            continue
        came = () if mark.data_until is None or mark.pk not in changed else (changed[mark.pk],)
        latest[mark.namespace] = max(latest.get(mark.namespace, 0), delays.lateness(came, batch.period, now))
    delays.learn(batch.account_id, batch.region, latest, now)


def note_trouble(marks: Mapping[int, Mark], answered: Mapping[int, str], now: datetime) -> None:
    """Write on each series what CloudWatch said where it did not answer completely, and take it off where it did."""
    by_word: dict[str, list[int]] = defaultdict(list)
    for pk, answer in answered.items():
        word = "" if answer == Status.COMPLETE else answer
        if pk in marks and marks[pk].trouble != word:
            by_word[word].append(pk)
    for word, pks in by_word.items():
        since = now if word else None
        Series.objects.filter(pk__in=pks).update(trouble=word, trouble_since=since, retry_at=None)
    forbidden = [pk for pk, word in answered.items() if word == Status.FORBIDDEN and pk in marks]
    if forbidden:
        Series.objects.filter(pk__in=forbidden).update(retry_at=now + ASK_FORBIDDEN_AGAIN)


TROUBLED = """
SELECT trouble, metric, dimensions_key FROM metrics_series
WHERE NOT (trouble = '') AND account_id = %s AND region = %s AND stopped_at IS NULL ORDER BY id
"""  # as the partial index `series_troubled` has it


def troubles(account_id: int, region: str) -> str:
    """What a person should know of the series that do not answer completely; empty when all do."""
    with connection.cursor() as cursor:
        cursor.execute(TROUBLED, [account_id, region])
        found = cursor.fetchall()
    names = {word: f"{metric} of {key}" for word, metric, key in reversed(found)}
    counts = Counter(word for word, *_ in found)
    return " ".join(
        f"{count} metric{'' if count == 1 else 's'} could not be read in full ({word}), as {names[word]}: the newest "
        f"minutes are missing here. {advice(word)}"
        for word, count in counts.items()
    )


def advice(word: str) -> str:
    """What to do about series CloudWatch answers for with this word."""
    if word == Status.FORBIDDEN:
        return f"Allow the IAM action {ACTION} for them to the role EdgeOps uses; EdgeOps asks again within the hour."
    return "EdgeOps asks again with the next poll."
