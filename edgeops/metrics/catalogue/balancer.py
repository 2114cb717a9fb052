"""Metrics of application load balancers and of their target groups, reported only while requests flow.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import PERCENTILES, Entry, Unit, expand

NAMESPACE = "AWS/ApplicationELB"

_count = partial(Entry, read=("Sum",))
_asked = partial(Entry, also=("Sum",))
ONLY_SOME = "Reported only when there are some."
NODES = "Balancer nodes disagree for a moment at each change: use the minimum, as AWS advises."


def _balanced(*, headline: bool) -> tuple[Entry, ...]:
    """What a load balancer reports both as a whole and per target group."""
    return (
        _count(
            name="RequestCount",
            title="Requests",
            headline="Sum" if headline else "",
            meaning="Requests for which a target was chosen.",
            trap="Errors the balancer makes itself may lie outside, so that they can be more than the requests.",
        ),
        _count(
            name="HTTPCode_Target_5XX_Count",
            title="Target 5xx",
            headline="Sum" if headline else "",
            meaning="5xx answers made by the targets.",
        ),
        *(
            _asked(
                name=f"HTTPCode_Target_{family}XX_Count",
                title=f"Target {family}xx",
                meaning=f"{family}xx answers made by the targets.",
            )
            for family in (2, 3, 4)
        ),
        _count(
            name="TargetConnectionErrorCount",
            title="Target connection errors",
            meaning="Connections to targets that failed.",
            trap="Health checks and Lambda targets are not counted.",
        ),
        Entry(
            name="TargetResponseTime",
            title="Target response time",
            read=("Average", "p95"),
            also=(*PERCENTILES, "Maximum"),
            headline="p95" if headline else "",
            unit=Unit.SECONDS,
            meaning="Until the target starts to send headers.",
            trap="In seconds, unlike everywhere else.",
        ),
        _asked(
            name="TargetTLSNegotiationErrorCount",
            title="Target TLS errors",
            meaning="TLS handshakes with targets that failed.",
            trap=ONLY_SOME,
        ),
    )


def _made(status: int) -> Entry:
    words = {500: "an error of its own", 502: "a bad answer of a target", 503: "no target to ask", 504: "a slow target"}
    return Entry(
        name=f"HTTPCode_ELB_{status}_Count",
        title=f"Load balancer {status}",
        read=("Sum",) if status in {502, 503, 504} else (),
        also=("Sum",) if status == 500 else (),
        meaning=f"{status} answers made by the load balancer itself: {words[status]}.",
        trap=ONLY_SOME,
    )


LOAD_BALANCER = (
    *_balanced(headline=True),
    _count(
        name="HTTPCode_ELB_5XX_Count",
        title="Load balancer 5xx",
        headline="Sum",
        meaning="5xx answers made by the load balancer itself.",
        trap=ONLY_SOME,
    ),
    *(_made(status) for status in (500, 502, 503, 504)),
    _asked(
        name="HTTPCode_ELB_4XX_Count",
        title="Load balancer 4xx",
        meaning="4xx answers made by the load balancer itself: requests it could not read.",
        trap=ONLY_SOME,
    ),
    _asked(
        name="HTTPCode_ELB_3XX_Count",
        title="Load balancer 3xx",
        meaning="Redirects made by the load balancer's rules.",
        trap=ONLY_SOME,
    ),
    _asked(
        name="RejectedConnectionCount",
        title="Rejected connections",
        meaning="Connections refused because the balancer had as many as it can.",
        trap=ONLY_SOME,
    ),
    _asked(name="ActiveConnectionCount", title="Active connections", meaning="Connections open on both sides."),
    _asked(name="NewConnectionCount", title="New connections", meaning="Connections opened on both sides."),
    Entry(
        name="ConsumedLCUs",
        title="Consumed LCUs",
        also=("Average", "Maximum"),
        meaning="Capacity units used: what the balancer is billed by.",
        trap="The highest of four measures in each hour is billed, not their sum.",
    ),
    Entry(name="PeakLCUs", title="Peak LCUs", also=("Maximum",), meaning="The most capacity units needed at once."),
    Entry(
        name="ReservedLCUs",
        title="Reserved LCUs",
        also=("Average", "Maximum"),
        meaning="Capacity units reserved; published only with a reservation.",
    ),
    Entry(
        name="CapacityUtilization",
        title="Capacity utilisation",
        also=("Maximum",),
        unit=Unit.PERCENT,
        meaning="Share of the reserved capacity in use; published only with a reservation.",
    ),
    _asked(
        name="ProcessedBytes",
        title="Processed bytes",
        unit=Unit.BYTES,
        meaning="Bytes the balancer carried, both ways.",
        trap=ONLY_SOME,
    ),
    _asked(
        name="RuleEvaluations",
        title="Rule evaluations",
        meaning="Rules evaluated, averaged to those beyond the free ten a request.",
        trap=ONLY_SOME,
    ),
    _asked(
        name="ClientTLSNegotiationErrorCount",
        title="Client TLS errors",
        meaning="TLS handshakes that viewers or CloudFront began and that failed.",
        trap=ONLY_SOME,
    ),
)

_LAMBDA_TARGET = "Only target groups of a Lambda function report it, and only when there are some."

TARGET_GROUP = (
    *_balanced(headline=False),
    Entry(
        name="HealthyHostCount",
        title="Healthy hosts",
        read=("Minimum",),
        also=("Average", "Maximum"),
        headline="Minimum",
        meaning="Targets passing their health checks.",
        trap=NODES,
    ),
    Entry(
        name="UnHealthyHostCount",
        title="Unhealthy hosts",
        read=("Minimum",),
        also=("Average", "Maximum"),
        headline="Minimum",
        meaning="Targets failing their health checks.",
        trap=f"Deregistering a target lowers healthy without raising this. {NODES}",
    ),
    _asked(
        name="RequestCountPerTarget",
        is_always_published=False,
        title="Requests per target",
        dimensions=("TargetGroup",),
        meaning="Requests a target received on average.",
        trap="Its statistic is Sum although it already is an average; Lambda targets have none.",
    ),
    Entry(
        name="AnomalousHostCount",
        title="Anomalous hosts",
        also=("Minimum", "Maximum"),
        meaning="Targets that answer unlike the others.",
    ),
    Entry(
        name="MitigatedHostCount",
        title="Mitigated hosts",
        also=("Minimum", "Maximum"),
        meaning="Targets given fewer requests because they answer unlike the others.",
    ),
    Entry(
        name="HealthyStateRouting",
        title="Zones routed as healthy",
        also=("Maximum",),
        meaning="Zones in which enough targets are healthy to be routed to.",
    ),
    Entry(
        name="UnhealthyStateRouting",
        title="Zones routed as unhealthy",
        also=("Minimum",),
        meaning="Zones in which so few targets are healthy that all of them are asked, healthy or not.",
    ),
    _asked(
        name="UnhealthyRoutingRequestCount",
        title="Requests routed regardless of health",
        meaning="Requests sent to any target because too few were healthy.",
    ),
    *(
        _asked(
            name=f"Lambda{whose}Error",
            is_always_published=False,
            title=f"Lambda {whose.lower()} errors",
            meaning=f"Requests a Lambda target failed for {why}.",
            trap=_LAMBDA_TARGET,
        )
        for whose, why in (("User", "a fault in the function or its permissions"), ("Internal", "a fault of Lambda"))
    ),
)

METRICS = (
    *expand(HopKind.ALB, NAMESPACE, LOAD_BALANCER),
    *expand(HopKind.TARGET_GROUP, NAMESPACE, TARGET_GROUP),
)
