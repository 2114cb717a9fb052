"""CloudFront's rules for an invalidation: which paths are valid, what they match, how many may run at once."""

import re
from collections.abc import Iterable, Sequence

from edgeops.localaws.state import Invalidation
from edgeops.localaws.wire.messages import AwsError, Params

MAX_PATH_LENGTH = 4000
MAX_PATHS_IN_PROGRESS = 3000
MAX_WILDCARDS_IN_PROGRESS = 15
# RFC 1738's safe characters and CloudFront's own: everything else must be percent-encoded, and `~` is not supported.
PATH = re.compile(r"/(?:[A-Za-z0-9\-._!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")


def paths(batch: Params) -> tuple[str, ...]:
    """The paths of an InvalidationBatch.

    Raises InconsistentQuantities, BatchTooLarge or InvalidArgument, as CloudFront does.
    """
    asked = batch.get("Paths") or {}
    items = tuple(asked.get("Items") or ())
    if asked.get("Quantity") != len(items):
        raise AwsError(
            "InconsistentQuantities",
            f"The value of Quantity ({asked.get('Quantity')}) and the size of Items ({len(items)}) don't match.",
        )
    if len(items) > MAX_PATHS_IN_PROGRESS:
        raise AwsError("BatchTooLarge", f"Invalidation batch specified is too large: {len(items)} paths.", status=413)
    if not items:
        raise _invalid("Your request must name at least one path.")
    if not batch.get("CallerReference"):
        raise _invalid("Your request must have a CallerReference.")
    for path in items:
        _check(path)
    return items


def check_room(asked: Iterable[str], running: Sequence[Invalidation]) -> None:
    """Raise TooManyInvalidationsInProgress when a distribution has no room for these paths."""
    wanted, taken = list(asked), [path for invalidation in running for path in invalidation.paths]
    for limit, word, counts in (
        (MAX_WILDCARDS_IN_PROGRESS, "wildcard paths", is_wildcard),
        (MAX_PATHS_IN_PROGRESS, "paths", lambda path: not is_wildcard(path)),
    ):
        new = sum(map(counts, wanted))
        if new and new + sum(map(counts, taken)) > limit:
            raise AwsError(
                "TooManyInvalidationsInProgress",
                "Processing your request will cause you to exceed the maximum number of in-progress "
                f"invalidation {word} ({limit}) of this distribution.",
            )


def is_wildcard(path: str) -> bool:
    """Whether it ends in the wildcard; an asterisk elsewhere is only a character."""
    return path.endswith("*")


def matches(item: str, cached: str) -> bool:
    """Whether an item names a cached object: path and query string exactly, or everything with its prefix."""
    return cached.startswith(item[:-1]) if is_wildcard(item) else cached == item


def _check(path: str) -> None:
    if len(path) > MAX_PATH_LENGTH:
        raise _invalid(f"An invalidation path must not be longer than {MAX_PATH_LENGTH} characters.")
    if not PATH.fullmatch(path) or "%7e" in path.lower():
        raise _invalid(f"Your request contains one or more invalid invalidation paths: {path!r}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message)
