"""Which metrics exist: namespace, dimensions and name as AWS publishes them, and how each reads a minute's flow."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from edgeops.localaws.metrics import balancer, edge, gateway
from edgeops.localaws.metrics.samples import Sample
from edgeops.localaws.metrics.series import GLOBAL_REGION, Entry, Key, Series
from edgeops.localaws.world import Api

__all__ = ["GLOBAL_REGION", "Key", "Sample", "Series", "catalogue"]


def catalogue(apis: Iterable[Api]) -> dict[Key, Series]:
    """Every series of one account's APIs. What is not in it answers empty, as in AWS: never an error."""
    found: dict[Key, Series] = {}
    for api in apis:
        for position, (region, dimensions, series) in enumerate(_of_api(api, api.region)):
            key = (region, series.namespace, series.name, frozenset(dimensions.items()))
            found[key] = replace(series, source=api.source, position=position)
    return found


def _of_api(api: Api, region: str) -> Iterator[Entry]:
    yield from _of_edge(api, region)
    for hop in api.hops:
        match hop.kind:
            case "rest_api":
                yield from gateway.rest_api(api, hop, region)
            case "http_api":
                yield from gateway.http_api(api, hop, region)
            case "lambda":
                yield from gateway.function(api, hop, region)
            case "alb":
                yield from balancer.load_balancer(api, hop, region)


def _of_edge(api: Api, region: str) -> Iterator[Entry]:
    yield from edge.distribution(api)
    if api.edge_function:
        yield from edge.edge_function(api)
    if api.waf:
        yield from edge.web_acl(api, api.waf, region=None)
    if api.regional_waf:
        yield from edge.web_acl(api, api.regional_waf, region=region)
    if api.health_check:
        yield from edge.health_check(api, api.health_check)
