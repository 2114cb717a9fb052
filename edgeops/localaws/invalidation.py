"""CloudFront's rules for an invalidation: which items are valid, and what they match.

An item is a path, a path that ends in the wildcard, or a cache tag: `#` and its name.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import re

from edgeops.localaws.wire.messages import AwsError, Params

CREATING = ("CreateInvalidation", "CreateInvalidationForDistributionTenant")
MAX_PATH_LENGTH = 4000
MAX_ITEMS = 3000
# RFC 1738's safe characters and CloudFront's own: everything else must be percent-encoded, and `~` is not supported.
PATH = re.compile(r"/(?:[A-Za-z0-9\-._!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
TAG = re.compile(r"#[!-+\--~]{1,256}")


def asked(batch: Params) -> list[str]:
    """The items of an InvalidationBatch as they came, each once."""
    return list(dict.fromkeys((batch.get("Paths") or {}).get("Items") or ()))


def items(batch: Params) -> tuple[str, ...]:
    """The items of an InvalidationBatch, valid ones all.

    Raises InconsistentQuantities, BatchTooLarge or InvalidArgument, as CloudFront does.
    """
    paths = batch.get("Paths") or {}
    found = tuple(paths.get("Items") or ())
    if paths.get("Quantity") != len(found):
        raise AwsError(
            "InconsistentQuantities",
            f"The value of Quantity ({paths.get('Quantity')}) and the size of Items ({len(found)}) don't match.",
        )
    if len(found) > MAX_ITEMS:
        raise AwsError("BatchTooLarge", f"Invalidation batch specified is too large: {len(found)} paths.", status=413)
    if not found:
        raise _invalid("Your request must name at least one path.")
    if not batch.get("CallerReference"):
        raise _invalid("Your request must have a CallerReference.")
    for item in found:
        _check(item)
    return found


def is_tag(item: str) -> bool:
    """Whether it names a cache tag."""
    return item.startswith("#")


def is_wildcard(item: str) -> bool:
    """Whether it is a path that ends in the wildcard; an asterisk elsewhere, or in a tag, is only a character."""
    return item.endswith("*") and not is_tag(item)


def matches(item: str, cached: str) -> bool:
    """Whether a path names a cached object: path and query string exactly, or everything with its prefix."""
    return cached.startswith(item[:-1]) if is_wildcard(item) else cached == item


def _check(item: str) -> None:
    if is_tag(item):
        if not TAG.fullmatch(item):
            raise _invalid(f"Your request contains one or more invalid cache tags: {item!r}")
        return
    if len(item) > MAX_PATH_LENGTH:
        raise _invalid(f"An invalidation path must not be longer than {MAX_PATH_LENGTH} characters.")
    if not PATH.fullmatch(item) or "%7e" in item.lower():
        raise _invalid(f"Your request contains one or more invalid invalidation paths: {item!r}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message)
