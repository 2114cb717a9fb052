"""Resource Groups Tagging: the tagged resources of an account and region; CloudFront's are told in us-east-1."""

from collections.abc import Iterator

from edgeops.localaws import arns, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

GLOBAL_REGION = "us-east-1"
LARGEST_PAGE = 100

type Tagged = tuple[str, str, Api]
"""The type of a resource as filters name it, its ARN, and the API whose tags it has."""


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of the tagging API, by name."""

    def get_resources(params: Params, context: Context) -> Params:
        error = "InvalidParameterException"
        kept = [entry for entry in _tagged(simulation, context) if _is_wanted(entry, params)]
        size = paging.size_of(params.get("ResourcesPerPage"), largest=LARGEST_PAGE, error=error)
        after = params.get("PaginationToken")
        page = paging.page(kept, after=after, size=size, id_of=lambda entry: entry[1], error=error)
        return {
            "PaginationToken": page.next,
            "ResourceTagMappingList": [
                {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in api.tags.items()]}
                for _, arn, api in page.items
            ],
        }

    return {"GetResources": get_resources}


def _tagged(simulation: Simulation, context: Context) -> Iterator[Tagged]:
    """Every resource with tags that a call sees; what has none is never told, as in AWS."""
    for api in simulation.world.apis_of(context.account):
        if not api.tags:
            continue
        if context.region == GLOBAL_REGION:
            yield "cloudfront:distribution", arns.distribution(api), api
            if api.waf:
                yield "wafv2:webacl", arns.web_acl(api, api.waf, regional=False), api
        if context.region == api.region:
            yield from _regional(api)


def _regional(api: Api) -> Iterator[Tagged]:
    if api.regional_waf:
        yield "wafv2:webacl", arns.web_acl(api, api.regional_waf, regional=True), api
    for hop in api.hops:
        yield from ((kind, arn, api) for kind, arn in _of_hop(api, hop))


def _of_hop(api: Api, hop: Hop) -> Iterator[tuple[str, str]]:
    match hop.kind:
        case "alb":
            yield "elasticloadbalancing:loadbalancer", arns.load_balancer(api, hop)
        case "target_group":
            yield "elasticloadbalancing:targetgroup", arns.target_group(api, hop)
        case "lambda":
            yield "lambda:function", arns.function(api, hop)
        case "rest_api" | "http_api":
            kind = "restapis" if hop.kind == "rest_api" else "apis"
            yield f"apigateway:{kind}", f"arn:aws:apigateway:{api.region}::/{kind}/{hop.id}"
            yield f"apigateway:{kind}/stages", arns.stage(api, hop)
        case "s3":
            yield "s3:bucket", f"arn:aws:s3:::{hop.name}"


def _is_wanted(entry: Tagged, params: Params) -> bool:
    kind, arn, api = entry
    types = params.get("ResourceTypeFilters")
    # A filter names a service, or a service and a type.
    if types and not any(kind == wanted or kind.startswith((f"{wanted}:", f"{wanted}/")) for wanted in types):
        return False
    if params.get("ResourceARNList") and arn not in params["ResourceARNList"]:
        return False
    return all(_has(api, wanted) for wanted in params.get("TagFilters") or ())


def _has(api: Api, wanted: Params) -> bool:
    """Whether the tags have the key, with one of the values where some are asked for."""
    if not wanted.get("Key"):
        raise AwsError("InvalidParameterException", "A tag filter needs a Key.")
    value, values = api.tags.get(wanted["Key"]), wanted.get("Values")
    return value is not None and (not values or value in values)
