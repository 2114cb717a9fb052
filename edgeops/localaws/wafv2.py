"""WAF: web ACLs of distributions (scope CLOUDFRONT, in us-east-1 only) and of regional resources."""

from dataclasses import dataclass

from edgeops.localaws import arns, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, WafRule, WebAcl

GLOBAL, REGIONAL = "CLOUDFRONT", "REGIONAL"
GLOBAL_REGION = "us-east-1"
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Found:
    """A web ACL and the API it guards."""

    api: Api
    acl: WebAcl
    scope: str

    @property
    def arn(self) -> str:
        """The ARN; a distribution names it as its WebACLId."""
        return arns.web_acl(self.api, self.acl, regional=self.scope == REGIONAL)

    @property
    def resource(self) -> str | None:
        """The ARN of the regional resource it guards: a load balancer or a REST stage. HTTP APIs cannot have one."""
        hop = self.api.hop("alb", "rest_api")
        if hop is None or self.scope == GLOBAL:
            return None
        return arns.load_balancer(self.api, hop) if hop.kind == "alb" else arns.stage(self.api, hop)


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of WAF, by name."""
    waf = Waf(simulation)
    return {
        "ListWebACLs": waf.list_web_acls,
        "GetWebACL": waf.get_web_acl,
        "GetWebACLForResource": waf.get_web_acl_for_resource,
        "ListResourcesForWebACL": waf.list_resources_for_web_acl,
    }


class Waf:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_web_acls(self, params: Params, context: Context) -> Params:
        """The web ACLs of a scope, without their rules."""
        found = self._of_scope(params["Scope"], context)
        error = "WAFInvalidParameterException"
        size = paging.size_of(params.get("Limit"), largest=LARGEST_PAGE, error=error)
        page = paging.page(
            found, after=params.get("NextMarker"), size=size, id_of=lambda entry: entry.acl.name, error=error
        )
        items = [
            {"Name": entry.acl.name, "Id": entry.acl.id, "ARN": entry.arn, "LockToken": _lock(entry)}
            for entry in page.items
        ]
        return {"WebACLs": items, "NextMarker": page.next or None}

    def get_web_acl(self, params: Params, context: Context) -> Params:
        """One web ACL: by its ARN, or by name, id and scope."""
        if params.get("ARN"):
            found = [*self._at(GLOBAL, context), *self._at(REGIONAL, context)]
            matching = [entry for entry in found if entry.arn == params["ARN"]]
        elif params.get("Name") and params.get("Id") and params.get("Scope"):
            found = self._of_scope(params["Scope"], context)
            matching = [entry for entry in found if (entry.acl.name, entry.acl.id) == (params["Name"], params["Id"])]
        else:
            raise _invalid("Name, Id and Scope, or ARN, are required.")
        if not matching:
            raise AwsError("WAFNonexistentItemException", "AWS WAF couldn't perform the operation: no such resource.")
        return {"WebACL": _told(matching[0]), "LockToken": _lock(matching[0])}

    def get_web_acl_for_resource(self, params: Params, context: Context) -> Params:
        """The web ACL of a regional resource; a distribution tells its own, so CloudFront's ARNs are refused."""
        arn = params["ResourceArn"]
        if ":cloudfront:" in arn:
            raise _invalid(f"The ARN isn't valid for this operation, field: RESOURCE_ARN, parameter: {arn}")
        for entry in self._at(REGIONAL, context):
            if entry.resource == arn:
                return {"WebACL": _told(entry)}
        return {}

    def list_resources_for_web_acl(self, params: Params, context: Context) -> Params:
        """The regional resources a web ACL guards."""
        arn = params["WebACLArn"]
        if ":global/" in arn:
            raise _invalid(f"The ARN isn't valid for this operation, field: WEB_ACL_ARN, parameter: {arn}")
        return {
            "ResourceArns": [
                entry.resource for entry in self._at(REGIONAL, context) if entry.arn == arn and entry.resource
            ]
        }

    def _of_scope(self, scope: str, context: Context) -> list[Found]:
        if scope == GLOBAL and context.region != GLOBAL_REGION:
            raise _invalid("The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT")
        return self._at(scope, context)

    def _at(self, scope: str, context: Context) -> list[Found]:
        """The web ACLs of a scope that a call in this region sees."""
        if scope == GLOBAL:
            apis = self._simulation.world.apis_of(context.account) if context.region == GLOBAL_REGION else []
            return [Found(api, api.waf, GLOBAL) for api in apis if api.waf]
        apis = self._simulation.world.apis_of(context.account, context.region)
        return [Found(api, api.regional_waf, REGIONAL) for api in apis if api.regional_waf]


def _told(found: Found) -> Params:
    acl = found.acl
    return {
        "Name": acl.name,
        "Id": acl.id,
        "ARN": found.arn,
        "DefaultAction": {"Allow": {}},
        "Description": f"Guards {found.api.name}",
        "Rules": [_rule(rule, priority) for priority, rule in enumerate(acl.rules)],
        "VisibilityConfig": _visibility(acl.metric),
        "Capacity": 2 * len(acl.rules),
        "ManagedByFirewallManager": False,
        "LabelNamespace": f"awswaf:{found.api.account_id}:webacl:{acl.name}:",
    }


def _rule(rule: WafRule, priority: int) -> Params:
    return {
        "Name": rule.name,
        "Priority": priority,
        "Statement": {"RateBasedStatement": {"Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}},
        "Action": {rule.action: {}},
        "VisibilityConfig": _visibility(rule.metric),
    }


def _visibility(metric: str) -> Params:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}


def _lock(found: Found) -> str:
    return arns.identifier(found.arn)


def _invalid(message: str) -> AwsError:
    return AwsError("WAFInvalidParameterException", f"Error reason: {message}")
