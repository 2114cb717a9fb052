"""CloudFront's API around distributions: additional metrics, policies, VPC origins, functions and tags."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from edgeops.localaws import arns, paging, policies, refusals
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

LARGEST_PAGE = 100


def operations(simulation: Simulation) -> dict[str, Operation]:
    """These operations of CloudFront, by name."""
    settings = EdgeSettings(simulation)
    return {
        "GetMonitoringSubscription": settings.get_monitoring_subscription,
        "CreateMonitoringSubscription": settings.create_monitoring_subscription,
        "DeleteMonitoringSubscription": settings.delete_monitoring_subscription,
        "ListCachePolicies": settings.list_cache_policies,
        "GetCachePolicy": settings.get_cache_policy,
        "ListOriginRequestPolicies": settings.list_origin_request_policies,
        "GetOriginRequestPolicy": settings.get_origin_request_policy,
        "ListVpcOrigins": settings.list_vpc_origins,
        "GetVpcOrigin": settings.get_vpc_origin,
        "ListFunctions": settings.list_functions,
        "ListTagsForResource": settings.list_tags_for_resource,
    }


class EdgeSettings:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def get_monitoring_subscription(self, params: Params, context: Context) -> Params:
        """Whether the additional metrics are on; a distribution without a subscription has none."""
        status = self._simulation.monitoring(self._simulation.owned(params["DistributionId"], context))
        if not status:
            raise _no_subscription()
        return _subscription(status)

    def create_monitoring_subscription(self, params: Params, context: Context) -> Params:
        """Begin a subscription: from the next minute on there are additional metrics, and AWS bills them."""
        api = self._simulation.owned(params["DistributionId"], context)
        if self._simulation.monitoring(api):
            message = "A monitoring subscription already exists for the specified distribution."
            raise AwsError("MonitoringSubscriptionAlreadyExists", message, status=409)
        config = params["MonitoringSubscription"].get("RealtimeMetricsSubscriptionConfig") or {}
        status = config.get("RealtimeMetricsSubscriptionStatus")
        if status not in ("Enabled", "Disabled"):
            raise AwsError("InvalidArgument", "RealtimeMetricsSubscriptionStatus must be Enabled or Disabled.")
        self._switch(api, status)
        return _subscription(status)

    def delete_monitoring_subscription(self, params: Params, context: Context) -> Params:
        """End a subscription and with it the additional metrics."""
        api = self._simulation.owned(params["DistributionId"], context)
        if not self._simulation.monitoring(api):
            raise _no_subscription()
        self._switch(api, "")
        return {}

    def list_cache_policies(self, params: Params, context: Context) -> Params:
        """Managed policies and the account's own."""
        asked = [policy for policy in self._cache_policies(context) if params.get("Type") in (None, policy.kind)]
        items = [{"Type": policy.kind, "CachePolicy": policy.told()} for policy in asked]
        return {"CachePolicyList": _page(items, params, "CachePolicy")}

    def get_cache_policy(self, params: Params, context: Context) -> Params:
        """One cache policy."""
        for policy in self._cache_policies(context):
            if policy.id == params["Id"]:
                return {"CachePolicy": policy.told(), "ETag": "E" + arns.hexadecimal(policy.id, 13).upper()}
        raise AwsError("NoSuchCachePolicy", "The cache policy does not exist.", status=404)

    def list_origin_request_policies(self, params: Params, context: Context) -> Params:
        """AWS's managed policies; the world has no others."""
        asked = [policy for policy in policies.REQUEST_POLICIES if params.get("Type") in (None, policy.kind)]
        items = [{"Type": policy.kind, "OriginRequestPolicy": policy.told()} for policy in asked]
        return {"OriginRequestPolicyList": _page(items, params, "OriginRequestPolicy")}

    def get_origin_request_policy(self, params: Params, context: Context) -> Params:
        """One origin request policy."""
        for policy in policies.REQUEST_POLICIES:
            if policy.id == params["Id"]:
                return {"OriginRequestPolicy": policy.told(), "ETag": "E" + arns.hexadecimal(policy.id, 13).upper()}
        raise AwsError("NoSuchOriginRequestPolicy", "The origin request policy does not exist.", status=404)

    def list_vpc_origins(self, params: Params, context: Context) -> Params:
        """The VPC origins of the account."""
        found = self._vpc_origins(context)
        page = paging.page(
            found, after=params.get("Marker"), size=_size(params), id_of=lambda entry: entry[1].vpc_origin
        )
        items = [
            {**self._vpc_origin(api, hop), "Name": hop.name, "OriginEndpointArn": arns.load_balancer(api, hop)}
            for api, hop in page.items
        ]
        return {
            "VpcOriginList": {
                "Marker": params.get("Marker") or "",
                "NextMarker": page.next or None,
                "MaxItems": _size(params),
                "IsTruncated": bool(page.next),
                "Quantity": len(items),
                "Items": items,
            }
        }

    def get_vpc_origin(self, params: Params, context: Context) -> Params:
        """One VPC origin and the private resource it leads to."""
        for api, hop in self._vpc_origins(context):
            if hop.vpc_origin == params["Id"]:
                config = {
                    "Name": hop.name,
                    "Arn": arns.load_balancer(api, hop),
                    "HTTPPort": 80,
                    "HTTPSPort": 443,
                    "OriginProtocolPolicy": "https-only",
                    "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                }
                told = {**self._vpc_origin(api, hop), "VpcOriginEndpointConfig": config}
                return {"VpcOrigin": told, "ETag": "E" + arns.hexadecimal(hop.vpc_origin, 13).upper()}
        raise refusals.no_such_entity()

    def list_functions(self, params: Params, context: Context) -> Params:
        """The CloudFront functions of the account; each is live."""
        if params.get("Stage") == "DEVELOPMENT":
            return {"FunctionList": {"MaxItems": _size(params), "Quantity": 0, "Items": []}}
        items = [
            {
                "Name": api.edge_function,
                "Status": "UNASSOCIATED",
                "FunctionConfig": {"Comment": api.name, "Runtime": "cloudfront-js-2.0"},
                "FunctionMetadata": {
                    "FunctionARN": arns.edge_function(api),
                    "Stage": "LIVE",
                    "CreatedTime": self._since,
                    "LastModifiedTime": self._since,
                },
            }
            for api in self._simulation.world.apis_of(context.account)
            if api.edge_function
        ]
        page = paging.page(items, after=params.get("Marker"), size=_size(params), id_of=lambda item: str(item["Name"]))
        told = {"NextMarker": page.next or None, "MaxItems": _size(params), "Quantity": len(page.items)}
        return {"FunctionList": {**told, "Items": page.items}}

    def list_tags_for_resource(self, params: Params, context: Context) -> Params:
        """The tags of a distribution."""
        for api in self._simulation.world.distributions_of(context.account):
            if arns.distribution(api) == params["Resource"]:
                return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in api.tags.items()]}}
        raise AwsError("NoSuchResource", "The resource does not exist.", status=404)

    @property
    def _since(self) -> datetime:
        return datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC)

    def _cache_policies(self, context: Context) -> list[policies.CachePolicy]:
        apis = self._simulation.world.apis_of(context.account)
        return policies.cache_policies([self._simulation.switches(api.slug).switched(api) for api in apis])

    def _switch(self, api: Api, status: str) -> None:
        distribution_id = api.distribution.id
        self._simulation.store.change(
            lambda state: replace(state, monitoring=tuple({**dict(state.monitoring), distribution_id: status}.items()))
        )

    def _vpc_origins(self, context: Context) -> list[tuple[Api, Hop]]:
        apis = self._simulation.world.apis_of(context.account)
        return [(api, hop) for api in apis for hop in api.hops if hop.vpc_origin]

    def _vpc_origin(self, api: Api, hop: Hop) -> Params:
        """What the list and the detail share."""
        return {
            "Id": hop.vpc_origin,
            "Arn": arns.vpc_origin(api, hop),
            "AccountId": api.account_id,
            "Status": "Deployed",
            "CreatedTime": self._since,
            "LastModifiedTime": self._since,
        }


def _subscription(status: str) -> Params:
    config = {"RealtimeMetricsSubscriptionStatus": status}
    return {"MonitoringSubscription": {"RealtimeMetricsSubscriptionConfig": config}}


def _no_subscription() -> AwsError:
    message = "A monitoring subscription does not exist for the specified distribution."
    return AwsError("NoSuchMonitoringSubscription", message, status=404)


def _page(items: Sequence[Params], params: Params, kind: str) -> Params:
    """One page of policies; their lists have no IsTruncated, only a NextMarker."""
    page = paging.page(items, after=params.get("Marker"), size=_size(params), id_of=lambda item: str(item[kind]["Id"]))
    told = {"NextMarker": page.next or None, "MaxItems": _size(params), "Quantity": len(page.items)}
    return {**told, "Items": page.items}


def _size(params: Params) -> int:
    return paging.size_of(params.get("MaxItems"), largest=LARGEST_PAGE)
