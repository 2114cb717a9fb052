"""ListMetrics: the metrics of an account and region that published something of late, a page at a time."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edgeops.localaws.metrics import Key, Series
from edgeops.localaws.traffic import Traffic
from edgeops.localaws.wire.messages import AwsError, Params

PAGE = 500
RECENT_MINUTES = 3 * 60
LISTED_MINUTES = 14 * 1440
LOOKED_AT = 20
"""Of two weeks one minute in so many is looked at; of three hours each."""


@dataclass(slots=True)
class Activity:
    """Whether series published something of late; copies share what was found."""

    traffic: Traffic
    now: float
    _found: dict[tuple[str, int], bool] = field(default_factory=dict)

    def is_active(self, series: Series, *, recently: bool) -> bool:
        """Whether it published in the last two weeks, or the last three hours."""
        key = (series.source, series.position)
        if key not in self._found:
            newest = int(self.now // 60) - 1
            minutes = range(newest, newest - RECENT_MINUTES, -1)
            if not recently:
                minutes = range(newest, newest - LISTED_MINUTES, -LOOKED_AT)
            self._found[key] = any(series.read(self.traffic.flow(series.source, at)) is not None for at in minutes)
        return self._found[key]


def list_metrics(
    params: Params,
    catalogue: Mapping[Key, Series],
    *,
    region: str,
    exists: Callable[[Series], bool],
    activity: Activity,
) -> Params:
    """One page of the metrics that match; raises AwsError for a filter or token that cannot be."""
    recently = params.get("RecentlyActive")
    if recently not in (None, "", "PT3H"):
        raise AwsError("InvalidParameterValue", f"The value {recently} for parameter RecentlyActive is not supported.")
    begin = _begin(params.get("NextToken"))
    found = sorted(
        (key[1:3], sorted(key[3]))
        for key, series in catalogue.items()
        if key[0] == region
        and _matches(key, params)
        and exists(series)
        and activity.is_active(series, recently=bool(recently))
    )
    page = [
        {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        }
        for (namespace, name), dimensions in found[begin : begin + PAGE]
    ]
    answer: Params = {"Metrics": page}
    if begin + PAGE < len(found):
        answer["NextToken"] = base64.urlsafe_b64encode(str(begin + PAGE).encode()).decode()
    return answer


def _matches(key: Key, params: Params) -> bool:
    _, namespace, name, dimensions = key
    if params.get("Namespace") not in (None, namespace) or params.get("MetricName") not in (None, name):
        return False
    known = dict(dimensions)
    return all(
        wanted["Name"] in known and wanted.get("Value") in (None, known[wanted["Name"]])
        for wanted in params.get("Dimensions") or []
    )


def _begin(token: object) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(token)))
    except ValueError as error:
        raise AwsError("InvalidParameterValue", "The next token specified is invalid.") from error
