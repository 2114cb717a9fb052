"""Lists a page at a time: the marker or token is the id of the last entry told, so a page after it begins there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeops.localaws.wire.messages import AwsError, Params

LARGEST_MARKED_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some entries, and the marker of the page after; empty at the end."""

    items: list[T]
    next: str


def page[T](
    entries: Sequence[T], *, after: str | None, size: int, id_of: Callable[[T], str], error: str = "InvalidArgument"
) -> Page[T]:
    """The entries after a marker, at most `size`; raises `error` when the marker is not of this list."""
    begin = 0
    if after:
        ids = [id_of(entry) for entry in entries]
        if after not in ids:
            raise AwsError(error, f"The marker {after!r} is not of this list.")
        begin = ids.index(after) + 1
    items = list(entries[begin : begin + size])
    return Page(items, id_of(items[-1]) if begin + len(items) < len(entries) else "")


def size_of(asked: object, *, largest: int, error: str = "InvalidArgument") -> int:
    """The page size a caller asks for, at most the largest; raises `error` when it is no positive number."""
    if asked is None or asked == "":
        return largest
    if not str(asked).isdecimal() or int(str(asked)) < 1:
        raise AwsError(error, f"The value {str(asked)!r} for the size of a page is invalid.")
    return min(int(str(asked)), largest)


def marked[T](entries: Sequence[T], params: Params, id_of: Callable[[T], str]) -> tuple[list[T], Params]:
    """One page of a list of CloudFront's with Marker and MaxItems, and what is told beside its items."""
    size = size_of(params.get("MaxItems"), largest=LARGEST_MARKED_PAGE)
    found = page(entries, after=params.get("Marker"), size=size, id_of=id_of)
    told = {"Marker": params.get("Marker") or "", "NextMarker": found.next or None, "MaxItems": size}
    return found.items, {**told, "IsTruncated": bool(found.next), "Quantity": len(found.items)}
