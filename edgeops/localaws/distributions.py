"""What CloudFront says of a distribution: its summary, its configuration and itself."""

from datetime import UTC, datetime
from hashlib import sha256

from edgeops.localaws import arns, origins, policies
from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Api

ONLY_CONFIG_HAS = ("CallerReference", "DefaultRootObject", "Logging", "ContinuousDeploymentPolicyId", "CacheTagConfig")


def summary(api: Api, *, changed_at: float) -> Params:
    """A DistributionSummary, as ListDistributions tells it."""
    return {
        **identity(api, changed_at=changed_at),
        **{name: value for name, value in config(api).items() if name not in ONLY_CONFIG_HAS},
        "ETag": etag(api),
    }


def distribution(api: Api, *, changed_at: float, in_progress: int) -> Params:
    """A Distribution, as GetDistribution tells it."""
    return {
        **identity(api, changed_at=changed_at),
        "InProgressInvalidationBatches": in_progress,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "DistributionConfig": config(api),
    }


def identity(api: Api, *, changed_at: float) -> Params:
    """What a summary and a distribution share."""
    return {
        "Id": api.distribution.id,
        "ARN": arns.distribution(api),
        "Status": "Deployed",
        "LastModifiedTime": datetime.fromtimestamp(int(changed_at), UTC),
        "DomainName": api.distribution.domain,
    }


def config(api: Api) -> Params:
    """The DistributionConfig."""
    of_origins, groups = origins.of(api), origins.groups(api)
    header = api.distribution.cache_tag_header
    aliases = [api.distribution.alias] if api.distribution.alias else []
    return {
        "CallerReference": f"edgeops-{api.slug}",
        "Aliases": {"Quantity": len(aliases), "Items": aliases or None},
        "DefaultRootObject": "",
        "Origins": {"Quantity": len(of_origins), "Items": of_origins},
        "OriginGroups": {"Quantity": len(groups), "Items": groups or None},
        "DefaultCacheBehavior": _behavior(api),
        "CacheBehaviors": {"Quantity": 0},
        "CustomErrorResponses": {"Quantity": 0},
        "Comment": api.name,
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_100",
        "Enabled": True,
        "ViewerCertificate": {
            "ACMCertificateArn": f"arn:aws:acm:us-east-1:{api.account_id}:certificate/{api.slug}",
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "CloudFrontDefaultCertificate": False,
        },
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": arns.web_acl(api, api.waf, regional=False) if api.waf else "",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
        "ConnectionMode": "tenant-only" if api.distribution.tenants else "direct",
        **({"CacheTagConfig": {"HeaderName": header}} if header else {}),
    }


def etag(api: Api) -> str:
    """The version of the configuration."""
    return "E" + sha256(repr(api.distribution).encode()).hexdigest()[:13].upper()


def _behavior(api: Api) -> Params:
    methods = ["GET", "HEAD"]
    functions = [{"FunctionARN": arns.edge_function(api), "EventType": "viewer-request"}] if api.edge_function else []
    return {
        "TargetOriginId": origins.target(api),
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {
            "Quantity": 2,
            "Items": methods,
            "CachedMethods": {"Quantity": 2, "Items": methods},
        },
        "SmoothStreaming": False,
        "Compress": True,
        "LambdaFunctionAssociations": {"Quantity": 0},
        "FunctionAssociations": {"Quantity": len(functions), "Items": functions or None},
        "FieldLevelEncryptionId": "",
        "CachePolicyId": policies.cache_policy_of(api),
        "OriginRequestPolicyId": policies.ALL_VIEWER_EXCEPT_HOST_HEADER,
    }
