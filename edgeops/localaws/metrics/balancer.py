"""The Application Load Balancer's metrics, in each of the dimension sets it publishes."""

from collections.abc import Callable, Iterator

from edgeops.localaws.flows import Flow, GroupFlow
from edgeops.localaws.metrics.samples import Sample, counter, gauge, half, latency, level, sparse, volume
from edgeops.localaws.metrics.series import Entry, Read, Series
from edgeops.localaws.world import Api, Hop

NAMESPACE = "AWS/ApplicationELB"
ZONES = ("a", "b")
ANSWER_BYTES = 6_200

type Groups = Callable[[Flow], tuple[GroupFlow, ...]]


def load_balancer(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    """The load balancer's own series, and one set for each of its target groups, whole and by Availability Zone."""
    balancer = {"LoadBalancer": f"app/{hop.name}/{hop.id}"}
    zoned = {**_group_reads(lambda flow: flow.groups), **_own_reads()}
    yield from _zoned(api, region, balancer, zoned)
    yield region, balancer, Series(api.slug, NAMESPACE, "ConsumedLCUs", lambda flow: level(_capacity_units(flow)))
    rules = Series(api.slug, NAMESPACE, "RuleEvaluations", lambda flow: sparse(_requests(flow.groups)), "Sum")
    yield region, balancer, rules
    for position, group in enumerate(api.target_groups):
        yield from _target_group(api, region, balancer, group, position)


def _target_group(api: Api, region: str, balancer: dict[str, str], hop: Hop, position: int) -> Iterator[Entry]:
    def groups(flow: Flow) -> tuple[GroupFlow, ...]:
        return flow.groups[position : position + 1]

    alone = {"TargetGroup": f"targetgroup/{hop.name}/{hop.id}"}
    yield from _zoned(api, region, alone | balancer, _group_reads(groups))
    for name, read in _health_reads(position).items():
        yield region, alone | balancer, Series(api.slug, NAMESPACE, name, read)
    for dimensions in (alone, alone | balancer, *({**alone, "AvailabilityZone": region + zone} for zone in ZONES)):
        each = Series(api.slug, NAMESPACE, "RequestCountPerTarget", lambda flow: _per_target(groups(flow)[0]), "Sum")
        yield region, dimensions, each


def _zoned(api: Api, region: str, dimensions: dict[str, str], reads: dict[str, Read]) -> Iterator[Entry]:
    for name, read in reads.items():
        yield region, dimensions, Series(api.slug, NAMESPACE, name, read)
        for zone, letter in enumerate(ZONES):
            series = Series(api.slug, NAMESPACE, name, _half_of(read, zone))
            yield region, {**dimensions, "AvailabilityZone": region + letter}, series


def _half_of(read: Read, zone: int) -> Read:
    return lambda flow: half(read(flow), zone)


def _group_reads(groups: Groups) -> dict[str, Read]:
    """What a load balancer and a target group publish alike; the former is the sum of the latter."""

    def response_time(flow: Flow) -> Sample | None:
        return latency(*((group.requests - group.elb_5xx, group.response_time) for group in groups(flow)))

    return {
        "RequestCount": lambda flow: counter(_requests(groups(flow))),
        "HTTPCode_Target_2XX_Count": lambda flow: counter(sum(g.target_2xx for g in groups(flow))),
        "HTTPCode_Target_3XX_Count": lambda _: counter(0),
        "HTTPCode_Target_4XX_Count": lambda flow: counter(sum(g.errors_4xx for g in groups(flow))),
        "HTTPCode_Target_5XX_Count": lambda flow: counter(sum(g.target_5xx for g in groups(flow))),
        "TargetConnectionErrorCount": lambda flow: sparse(sum(g.connection_errors for g in groups(flow))),
        "TargetResponseTime": response_time,
    }


def _own_reads() -> dict[str, Read]:
    """What the load balancer answers itself, and its connections; sparse, all of it."""
    return {
        "HTTPCode_ELB_3XX_Count": lambda _: None,
        "HTTPCode_ELB_4XX_Count": lambda _: None,
        "HTTPCode_ELB_5XX_Count": lambda flow: sparse(sum(group.elb_5xx for group in flow.groups)),
        "HTTPCode_ELB_500_Count": lambda _: None,
        "HTTPCode_ELB_502_Count": lambda flow: sparse(sum(group.connection_errors for group in flow.groups)),
        "HTTPCode_ELB_503_Count": lambda _: None,
        "HTTPCode_ELB_504_Count": lambda flow: sparse(sum(group.timeouts for group in flow.groups)),
        "RejectedConnectionCount": lambda _: None,
        "ActiveConnectionCount": lambda flow: sparse(_requests(flow.groups) // 4),
        "NewConnectionCount": lambda flow: sparse(_requests(flow.groups) // 10),
        "ProcessedBytes": lambda flow: volume(_requests(flow.groups) * ANSWER_BYTES, _requests(flow.groups)),
    }


def _health_reads(position: int) -> dict[str, Read]:
    def fails_open(group: GroupFlow) -> bool:
        return group.healthy == 0

    return {
        "HealthyHostCount": lambda flow: gauge(flow.groups[position].healthy),
        "UnHealthyHostCount": lambda flow: gauge(flow.groups[position].unhealthy),
        "AnomalousHostCount": lambda _: gauge(0),
        "MitigatedHostCount": lambda _: gauge(0),
        "HealthyStateRouting": lambda flow: gauge(int(not fails_open(flow.groups[position]))),
        "UnhealthyStateRouting": lambda flow: gauge(int(fails_open(flow.groups[position]))),
        "UnhealthyRoutingRequestCount": lambda flow: counter(
            flow.groups[position].requests if fails_open(flow.groups[position]) else 0
        ),
    }


def _requests(groups: tuple[GroupFlow, ...]) -> int:
    return sum(group.requests for group in groups)


def _per_target(group: GroupFlow) -> Sample:
    """Published as a sum, although it is an average already; with no healthy target all of them are asked."""
    return level(group.requests / max(1, group.healthy or group.unhealthy))


def _capacity_units(flow: Flow) -> float:
    """The highest of four dimensions: new connections, active ones, bytes, rules."""
    requests = _requests(flow.groups)
    return max(requests / 10 / 60 / 25, requests / 4 / 3_000, requests * ANSWER_BYTES * 60 / 1e9, requests / 60 / 1_000)
