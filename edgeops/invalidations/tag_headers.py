"""Reading whether a distribution knows cache tags: CloudFront accepts a tag anywhere, and may match nothing by it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Q

from edgeops.aws.errors import AwsError
from edgeops.estate.models import Account, Distribution
from edgeops.invalidations import connecting
from edgeops.invalidations.models import TagHeader
from edgeops.waiting import backoff_seconds

LEASE_SECONDS = 60
AGAIN_AFTER, ANEW_AFTER = timedelta(hours=1), timedelta(minutes=1)
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 10, 3_600
HEADER_LENGTH = 200


class ReadsTags(Protocol):
    """The side of CloudFront that tells a distribution's configuration."""

    def cache_tag_header(self, distribution_id: str) -> str:
        """The header's name; an empty text where there is none."""


type Connect = Callable[[Account, datetime], ReadsTags]


def plan(now: datetime) -> None:
    """A row for every distribution that has none, due at once."""
    if (missing := Distribution.objects.filter(tag_header=None)).exists():
        rows = [TagHeader(distribution=distribution, next_at=now) for distribution in missing]
        TagHeader.objects.bulk_create(rows, ignore_conflicts=True)


def ask_anew(distribution: Distribution, now: datetime) -> None:
    """Have it read soon, as somebody was refused for it; once a minute is often enough."""
    known = TagHeader.objects.free(now).filter(distribution=distribution, next_at__gt=now)
    known.filter(Q(read_at=None) | Q(read_at__lt=now - ANEW_AFTER)).update(next_at=now)


def read(pk: int, *, now: datetime, connect: Connect = connecting.cloudfront) -> TagHeader | None:
    """Read one that is due and store it; None when it is not due, or somebody else is at it."""
    row = TagHeader.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
    if row is None:
        return None
    try:
        header = connect(row.distribution.account, now).cache_tag_header(row.distribution.aws_id)
    except AwsError as error:
        connecting.note_failure(row.distribution.account, error, now)
        wait = backoff_seconds(row.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
        row.finish(next_at=now + timedelta(seconds=wait), last_error=str(error))
    else:
        connecting.note_answer(row.distribution.account, now)
        row.finish(next_at=now + AGAIN_AFTER, header=header[:HEADER_LENGTH], read_at=now, last_error="", attempts=0)
    return row
