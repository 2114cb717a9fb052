"""What leads further along a request path: a host or an ARN, and how it was come upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

type Beginning = tuple[str, ...]
"""The segments with which a path surely begins; none where it can be any."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a request goes next: `to` is a host or an ARN, `position` the column of what is found there.

    `beginnings` are those of the paths asked for there; `details` go onto what is found.
    """

    to: str
    position: int
    beginnings: tuple[Beginning, ...] = ((),)
    details: Mapping[str, Any] = field(default_factory=dict)


def add_unknown(survey: Survey, lead: Lead, name: str = "") -> None:
    """Put what EdgeOps reads no metrics of on the path, by its name alone."""
    region = survey.account.region
    found = hop(HopKind.CUSTOM_ORIGIN, name or lead.to, region=region, position=lead.position, **lead.details)
    survey.add(found, key=lead.to)
