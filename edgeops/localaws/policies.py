"""CloudFront's cache and origin request policies: AWS's managed ones, and one cache policy of each API's own.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from edgeops.localaws import arns
from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Api

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
MADE_AT = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """A cache policy; times to live in seconds."""

    id: str
    name: str
    kind: str
    min_ttl: int
    default_ttl: int
    max_ttl: int
    query_strings: str = "none"

    def told(self) -> Params:
        """The policy as CloudFront tells it."""
        compresses = self.max_ttl > 0
        cookies = {"CookieBehavior": "none"}
        config: Params = {
            "Comment": "",
            "Name": self.name,
            "DefaultTTL": self.default_ttl,
            "MaxTTL": self.max_ttl,
            "MinTTL": self.min_ttl,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": compresses,
                "EnableAcceptEncodingBrotli": compresses and self.kind == "managed",
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": cookies,
                "QueryStringsConfig": {"QueryStringBehavior": self.query_strings},
            },
        }
        return {"Id": self.id, "LastModifiedTime": MADE_AT, "CachePolicyConfig": config}


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """An origin request policy: which of the viewer's headers, cookies and query strings reach the origin."""

    id: str
    name: str
    headers: str
    header_names: tuple[str, ...] = ()
    cookies: str = "all"
    query_strings: str = "all"
    kind: str = "managed"

    def told(self) -> Params:
        """The policy as CloudFront tells it."""
        named = {"Headers": {"Quantity": len(self.header_names), "Items": list(self.header_names)}}
        config: Params = {
            "Comment": "",
            "Name": self.name,
            "HeadersConfig": {"HeaderBehavior": self.headers, **(named if self.header_names else {})},
            "CookiesConfig": {"CookieBehavior": self.cookies},
            "QueryStringsConfig": {"QueryStringBehavior": self.query_strings},
        }
        return {"Id": self.id, "LastModifiedTime": MADE_AT, "OriginRequestPolicyConfig": config}


MANAGED_CACHE_POLICIES = (
    CachePolicy(CACHING_OPTIMIZED, "Managed-CachingOptimized", "managed", 1, 86_400, 31_536_000),
    CachePolicy("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", "managed", 0, 0, 0),
    CachePolicy(
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65", "UseOriginCacheControlHeaders", "managed", 0, 0, 31_536_000, "none"
    ),
    CachePolicy(
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        "UseOriginCacheControlHeaders-QueryStrings",
        "managed",
        0,
        0,
        31_536_000,
        "all",
    ),
)
REQUEST_POLICIES = (
    RequestPolicy("216adef6-5c7f-47e4-b989-5492eafa07d3", "Managed-AllViewer", "allViewer"),
    RequestPolicy(ALL_VIEWER_EXCEPT_HOST_HEADER, "Managed-AllViewerExceptHostHeader", "allExcept", ("host",)),
    RequestPolicy(
        "59781a5b-3903-41f3-afcb-af62929ccde1", "Managed-CORS-CustomOrigin", "whitelist", ("origin",), "none", "none"
    ),
)


def cache_policies(apis: list[Api]) -> list[CachePolicy]:
    """The policies an account with these APIs sees."""
    return [*MANAGED_CACHE_POLICIES, *map(_own, apis)]


def cache_policy_of(api: Api) -> str:
    """The id of the policy of an API's default behavior; a distribution without hops takes a managed one."""
    return _own(api).id if api.hops else CACHING_OPTIMIZED


def _own(api: Api) -> CachePolicy:
    ttl, queries = api.distribution.ttl_seconds, api.distribution.query_strings
    return CachePolicy(arns.identifier(f"{api.slug} cache"), f"{api.slug}-cache", "custom", 0, ttl, ttl, queries)
