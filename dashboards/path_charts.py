"""The charts that tell of a request path as a whole, from series no single metric gives."""

from collections.abc import Mapping, Sequence

from dashboards.charts import Chart, Stroke
from edgeops.metrics import derived
from edgeops.metrics.attribution import Producer
from edgeops.metrics.derived import Key, Measured
from edgeops.metrics.ledger import Ledger
from edgeops.metrics.reading import Line

LEDGER = Chart(
    "ledger",
    "5xx, by who made them",
    "per minute",
    (
        Stroke(Producer.FUNCTION, "made", "Function", "blue", pattern="/"),
        Stroke(Producer.TARGET, "made", "Targets", "orange", pattern="\\"),
        Stroke(Producer.BALANCER, "made", "Load balancer", "vermillion"),
        Stroke(Producer.GATEWAY, "made", "Gateway", "purple", pattern="x"),
        Stroke(Producer.EDGE, "made", "CloudFront", "green", pattern="-"),
        Stroke(Producer.UNKNOWN, "made", "Not known", "sky", pattern="."),
    ),
    is_stacked=True,
)
OFFLOAD = Chart(
    "offload",
    "Answered without asking an origin",
    "%",
    (Stroke("offload", "derived", "Offload", "green"),),
)
ADDED = Chart(
    "added",
    "Time each stretch adds",
    "ms",
    (
        Stroke("edge", "added", "To the origin ≈", "green", "dashdot"),
        Stroke("gateway", "added", "Gateway", "purple"),
        Stroke("start", "added", "To the function", "sky", "dash"),
        Stroke("function", "added", "Function", "blue"),
        Stroke("targets", "added", "Targets", "orange"),
    ),
)
CHARTS = (LEDGER, OFFLOAD, ADDED)
MEANINGS: Mapping[str, str] = {
    "ledger": (
        "What a hop answered minus what it was handed from behind, in minutes no source will change any more. "
        "An estimate: CloudFront repeats cached errors, and a function that returns a 500 reports none."
    ),
    "offload": (
        "1 minus the origins' requests by the viewers': how much CloudFront keeps from the origins, without paid "
        "metrics. Below zero, somebody asks an origin without CloudFront."
    ),
    "added": (
        "Differences of averages: what the gateway takes itself, what it takes to reach the function (cold starts), "
        "then the function or the targets. From CloudFront to the origin it is a difference of 95th percentiles, a "
        "hint: CloudFront publishes no average, and percentiles do not subtract."
    ),
}


def find(key: str) -> Chart | None:
    """One of these charts by its key."""
    return next((chart for chart in CHARTS if chart.key == key), None)


def lines(hops: Sequence[Measured], book: Ledger | None) -> Mapping[Key, Line]:
    """What the charts draw, by stroke; what cannot be derived is left out."""
    found: dict[Key, Line] = {}
    if book is not None:
        found.update({(producer, "made"): line for producer, line in book.made.items()})
    offload = derived.offload(hops)
    if offload is not None:
        found["offload", "derived"] = offload
    found.update({(one.key, "added"): one.line for one in derived.added(hops)})
    return found
