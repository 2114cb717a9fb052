"""What CloudFront says of a distribution: its summary, its configuration and itself."""

from datetime import UTC, datetime
from hashlib import sha256

from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Account, Api

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
ONLY_CONFIG_HAS = ("CallerReference", "DefaultRootObject", "Logging", "ContinuousDeploymentPolicyId")


def summary(api: Api, account: Account, *, changed_at: float) -> Params:
    """A DistributionSummary, as ListDistributions tells it."""
    told = config(api, account)
    return {
        **identity(api, account, changed_at=changed_at),
        **{name: value for name, value in told.items() if name not in ONLY_CONFIG_HAS},
        "ETag": etag(api),
    }


def distribution(api: Api, account: Account, *, changed_at: float, in_progress: int) -> Params:
    """A Distribution, as GetDistribution tells it."""
    return {
        **identity(api, account, changed_at=changed_at),
        "InProgressInvalidationBatches": in_progress,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "DistributionConfig": config(api, account),
    }


def identity(api: Api, account: Account, *, changed_at: float) -> Params:
    """What a summary and a distribution share."""
    return {
        "Id": api.distribution.id,
        "ARN": arn(api, account),
        "Status": "Deployed",
        "LastModifiedTime": datetime.fromtimestamp(int(changed_at), UTC),
        "DomainName": api.distribution.domain,
    }


def config(api: Api, account: Account) -> Params:
    """The DistributionConfig."""
    origin = _origin(api)
    return {
        "CallerReference": f"edgeops-{api.slug}",
        "Aliases": {"Quantity": 1, "Items": [api.distribution.alias]},
        "DefaultRootObject": "",
        "Origins": {"Quantity": 1, "Items": [origin]},
        "OriginGroups": {"Quantity": 0},
        "DefaultCacheBehavior": _behavior(origin["Id"]),
        "CacheBehaviors": {"Quantity": 0},
        "CustomErrorResponses": {"Quantity": 0},
        "Comment": api.name,
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_100",
        "Enabled": True,
        "ViewerCertificate": {
            "ACMCertificateArn": f"arn:aws:acm:us-east-1:{account.id}:certificate/{api.slug}",
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "CloudFrontDefaultCertificate": False,
        },
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
    }


def arn(api: Api, account: Account) -> str:
    """The distribution's ARN."""
    return f"arn:aws:cloudfront::{account.id}:distribution/{api.distribution.id}"


def etag(api: Api) -> str:
    """The version of the configuration."""
    return "E" + sha256(repr(api.distribution).encode()).hexdigest()[:13].upper()


def _origin(api: Api) -> Params:
    gateway = api.gateway
    if gateway is not None:
        domain = f"{gateway.id}.execute-api.{api.region}.amazonaws.com"
        path = f"/{gateway.stage}" if gateway.kind == "rest_api" else ""
        name = gateway.name
    else:
        load_balancer = api.hop("alb")
        name = load_balancer.name if load_balancer else api.slug
        domain, path = f"{name}-1234567890.{api.region}.elb.amazonaws.com", ""
    return {
        "Id": name,
        "DomainName": domain,
        "OriginPath": path,
        "CustomHeaders": {"Quantity": 0},
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
        },
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
        "OriginAccessControlId": "",
    }


def _behavior(origin_id: str) -> Params:
    methods = ["GET", "HEAD"]
    return {
        "TargetOriginId": origin_id,
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
        "FunctionAssociations": {"Quantity": 0},
        "FieldLevelEncryptionId": "",
        "CachePolicyId": CACHING_OPTIMIZED,
        "OriginRequestPolicyId": ALL_VIEWER_EXCEPT_HOST_HEADER,
    }
