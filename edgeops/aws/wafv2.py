"""AWS WAF's web ACLs: under which name CloudWatch knows them.

Reference: https://docs.aws.amazon.com/waf/latest/APIReference/API_GetWebACL.html
"""

from dataclasses import dataclass
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway


@dataclass(frozen=True, slots=True)
class WebAcl:
    """A web ACL; CloudWatch knows it by `metric`, None where its metrics are switched off."""

    arn: str
    name: str
    metric: str | None


class Waf:
    """The web ACLs of one region; those of distributions live in us-east-1. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("wafv2", region, meter, access)

    def web_acl(self, arn: str) -> WebAcl:
        """One web ACL; a distribution names its own by ARN."""
        return _web_acl(self._gateway.ask("GetWebACL", ARN=arn)["WebACL"])

    def of_resource(self, arn: str) -> WebAcl | None:
        """The web ACL of a load balancer or stage; None where there is none. Never of a distribution: AWS refuses."""
        found = self._gateway.ask("GetWebACLForResource", ResourceArn=arn).get("WebACL")
        return _web_acl(found) if found else None


def _web_acl(raw: dict[str, Any]) -> WebAcl:
    shown = raw["VisibilityConfig"]
    return WebAcl(raw["ARN"], raw["Name"], shown["MetricName"] if shown["CloudWatchMetricsEnabled"] else None)
