"""The origins of a distribution: what its hops make of it, and the group of the first two where one stands in."""

from edgeops.localaws import arns
from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Api, Hop

SECRET_HEADER = {"HeaderName": "X-Origin-Secret", "HeaderValue": "only-cloudfront-may-know-this"}
FAILOVER_STATUS_CODES = (500, 502, 503, 504)


def of(api: Api) -> list[Params]:
    """Every origin, in the order of the hops."""
    found = [origin for hop in api.hops if (origin := _origin(api, hop)) is not None]
    return found or [_custom(api.slug, f"{api.slug}.origin.example.test")]


def groups(api: Api) -> list[Params]:
    """The origin group of an API with failover, none of the others."""
    if not api.failover:
        return []
    members = [{"OriginId": origin["Id"]} for origin in of(api)[:2]]
    return [
        {
            "Id": f"{api.slug}-failover",
            "FailoverCriteria": {"StatusCodes": _counted(list(FAILOVER_STATUS_CODES))},
            "Members": _counted(members),
            "SelectionCriteria": "default",
        }
    ]


def target(api: Api) -> str:
    """Where the default behavior sends requests: the group where there is one, else the first origin."""
    return str((groups(api) or of(api))[0]["Id"])


def _origin(api: Api, hop: Hop) -> Params | None:
    """The origin a hop is; None for one that stands behind another."""
    match hop.kind:
        case "rest_api" | "http_api":
            return _custom(hop.name, hop.domain or arns.gateway_host(api, hop), path=_gateway_path(hop))
        case "alb" if hop.vpc_origin:
            reached = {"VpcOriginId": hop.vpc_origin, "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}
            return _common(hop.name, arns.load_balancer_host(api, hop)) | {"VpcOriginConfig": reached}
        case "alb":
            return _custom(hop.name, arns.load_balancer_host(api, hop), headers=[SECRET_HEADER])
        case "lambda" if hop.url_id:
            return _custom(hop.name, arns.function_host(api, hop)) | {"OriginAccessControlId": _access(hop)}
        case "s3":
            config = {"OriginAccessIdentity": "", "OriginReadTimeout": 30}
            return _common(hop.name, arns.bucket_host(api, hop)) | {
                "S3OriginConfig": config,
                "OriginAccessControlId": _access(hop),
            }
    return None


def _gateway_path(hop: Hop) -> str:
    """A custom domain maps a base path to the stage; at the default host REST names it, HTTP's `$default` is bare."""
    if hop.domain:
        return f"/{hop.base_path}" if hop.base_path else ""
    return f"/{hop.stage}" if hop.stage != "$default" else ""


def _custom(name: str, domain: str, *, path: str = "", headers: list[dict[str, str]] | None = None) -> Params:
    return _common(name, domain) | {
        "OriginPath": path,
        "CustomHeaders": _counted(headers or []),
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": _counted(["TLSv1.2"]),
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
        },
    }


def _common(name: str, domain: str) -> Params:
    return {
        "Id": name,
        "DomainName": domain,
        "OriginPath": "",
        "CustomHeaders": _counted([]),
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
        "OriginAccessControlId": "",
    }


def _access(hop: Hop) -> str:
    """The id of the origin access control that signs CloudFront's requests to a bucket or function."""
    return "E" + arns.hexadecimal(f"{hop.name} access", 13).upper()


def _counted(items: list[object] | list[Params] | list[str] | list[int] | list[dict[str, str]]) -> Params:
    """A list as CloudFront tells it: its length, and its items where there are any."""
    return {"Quantity": len(items), **({"Items": items} if items else {})}
