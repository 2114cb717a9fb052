"""Route 53's metrics of health checks, read in us-east-1.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
"""

from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import Entry, Unit, expand

NAMESPACE = "AWS/Route53"

_time = partial(Entry, also=("Average", "p90", "p99"), unit=Unit.MILLISECONDS)

HEALTH_CHECK = (
    Entry(
        name="HealthCheckStatus",
        title="Health check status",
        read=("Minimum",),
        also=("Average", "Maximum"),
        headline="Minimum",
        meaning="1 while Route 53 calls the endpoint healthy, 0 while it does not.",
        trap="Use the minimum: an average hides a minute in which it was down.",
    ),
    Entry(
        name="HealthCheckPercentageHealthy",
        title="Healthy checkers",
        also=("Average", "Minimum"),
        unit=Unit.PERCENT,
        meaning="Share of Route 53's checkers that call the endpoint healthy.",
    ),
    Entry(
        name="ChildHealthCheckHealthyCount",
        title="Healthy child checks",
        also=("Average", "Minimum"),
        meaning="Health checks below a calculated one that are healthy.",
        trap="Only calculated health checks report it.",
    ),
    _time(name="ConnectionTime", title="Connection time", meaning="Time the checkers took to connect."),
    _time(name="SSLHandshakeTime", title="TLS handshake time", meaning="Time the checkers took for the handshake."),
    _time(name="TimeToFirstByte", title="Time to first byte", meaning="Time until the checkers saw the first byte."),
)

METRICS = expand(HopKind.HEALTH_CHECK, NAMESPACE, HEALTH_CHECK)
