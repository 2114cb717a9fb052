"""When AWS keeps failing, asking less. Pure; the counts live on `AccountHealth`, by service, account and region.

The breaker opens after five failures in a row and lets one request through a minute, ever fewer where AWS asks to slow
down. A throttled request is half the size next time. The first answer closes it; the size comes back step by step.
"""

from datetime import timedelta

from edgeops.aws.errors import AwsError, ThrottledError

OPENS_AFTER = 5
PROBE_EVERY = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
MAX_QUERIES, MIN_QUERIES = 500, 50


def pause(failures: int, error: AwsError) -> timedelta | None:
    """How long to ask nothing after so many failures in a row, `error` the latest; None while the breaker is closed."""
    if failures < OPENS_AFTER:
        return None
    doublings = min(failures - OPENS_AFTER, 4) if isinstance(error, ThrottledError) else 0
    return min(PROBE_EVERY * (1 << doublings), LONGEST_PAUSE)


def smaller(max_queries: int | None, error: AwsError) -> int | None:
    """The size of the next request after a failure; None is the full size."""
    if not isinstance(error, ThrottledError):
        return max_queries
    return max(MIN_QUERIES, (max_queries or MAX_QUERIES) // 2)


def larger(max_queries: int | None) -> int | None:
    """The size of the next request after an answer."""
    if max_queries is None or max_queries * 2 >= MAX_QUERIES:
        return None
    return max_queries * 2
