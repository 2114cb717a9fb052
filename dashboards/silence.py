"""What to say of a series that has never had a datapoint: in CloudWatch a name that does not exist looks the same."""

from edgeops.metrics import catalogue
from edgeops.metrics.catalogue import AbsentMeans
from edgeops.metrics.models import Series


def of(series: Series, kind: str) -> str:
    """Why a series is empty, in words; nothing for one that has had datapoints."""
    if series.first_datapoint_at is not None:
        return ""
    if series.polled_at is None:
        return "not read yet; the first values come within a minute or two."
    metric = catalogue.find_for(kind, series.metric, series.statistic)
    if metric is not None and metric.absent_means == AbsentMeans.ZERO:
        return "CloudWatch has never published this. It publishes only what is not zero, so it counts as 0."
    return "CloudWatch has never published this, so nothing is known of it."
