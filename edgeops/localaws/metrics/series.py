"""A series of CloudWatch's: what it is called, and how it reads a minute's flow."""

from collections.abc import Callable
from dataclasses import dataclass

from edgeops.localaws.flows import Flow
from edgeops.localaws.metrics.samples import Sample

GLOBAL_REGION = "us-east-1"

type Read = Callable[[Flow], Sample | None]
"""Reads one metric off a flow; None where AWS publishes no datapoint."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one resource; `statistics` names the only kind that is valid, None allows all.

    `is_additional` marks what a distribution publishes only while its monitoring subscription is on. `source` and
    `position` are the same for a series and for that series of a copy: their values are the same.
    """

    api: str
    namespace: str
    name: str
    read: Read
    statistics: str | None = None
    is_additional: bool = False
    source: str = ""
    position: int = 0


type Key = tuple[str, str, str, frozenset[tuple[str, str]]]
"""Region, namespace, metric name, dimensions."""


type Entry = tuple[str, dict[str, str], Series]
"""Region, dimensions, series."""
