"""What AWS shows of an API that is operated already, with what people said of it kept. Pure."""

from dataclasses import replace

from edgeops.discovery import naming
from edgeops.estate import comparing
from edgeops.estate.document import ApiDoc, DistributionDoc, HopDoc

ADDED_BY_HAND, NAMED_BY_HAND = "added_by_hand", "named_by_hand"
"""Details of a hop that a person added, or gave its name."""


def as_operated(operated: ApiDoc, found: ApiDoc, *, is_partial: bool) -> ApiDoc:
    """The operated API with the path that was found: its names, addresses and description stay what people made them.

    So do names that people gave to hops, and the hops they added. Of a path found in part nothing is gone: what could
    not be read stays as it is operated.
    """
    hops = _as_said(operated, _together(operated, found) if is_partial else found.hops)
    moved = naming.region_of(hops, operated.region) != naming.region_of(operated.hops, operated.region)
    return replace(
        operated,
        region=found.region if moved else operated.region,
        distribution=_distribution(operated.distribution, found.distribution, is_partial=is_partial),
        hops=hops,
    )


def _as_said(operated: ApiDoc, hops: tuple[HopDoc, ...]) -> tuple[HopDoc, ...]:
    """The hops with what people said of them."""
    said: list[HopDoc] = []
    for old, new in comparing.pairs(operated, replace(operated, hops=hops)):
        known = None if old is None else operated.hops[old]
        again = None if new is None else hops[new]
        if again is None and known is not None and known.details.get(ADDED_BY_HAND):
            said.append(known)
        elif again is not None and known is not None and known.details.get(NAMED_BY_HAND):
            said.append(replace(again, name=known.name, details={**again.details, NAMED_BY_HAND: True}))
        elif again is not None:
            said.append(again)
    return tuple(sorted(said, key=lambda one: one.position))


def _distribution(operated: DistributionDoc, found: DistributionDoc, *, is_partial: bool) -> DistributionDoc:
    may_be_unread = is_partial and operated.has_additional_metrics
    return replace(
        operated,
        domain=found.domain,
        aliases=found.aliases,
        has_additional_metrics=found.has_additional_metrics or may_be_unread,
    )


def _together(operated: ApiDoc, found: ApiDoc) -> tuple[HopDoc, ...]:
    """What was found, with what was known of it before, and what was not found again."""
    hops: list[HopDoc] = []
    for old, new in comparing.pairs(operated, found):
        known = None if old is None else operated.hops[old]
        again = None if new is None else found.hops[new]
        if known is not None and again is not None:
            hops.append(replace(again, details={**known.details, **again.details}))
        else:
            hops += [one for one in (known, again) if one is not None]
    return tuple(sorted(hops, key=lambda one: one.position))
