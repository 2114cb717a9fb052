"""CloudFront's API for distribution tenants: which there are; `edgeops.localaws.invalidating` invalidates them."""

from datetime import UTC, datetime

from edgeops.localaws import arns, paging, refusals
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Api, Tenant


def operations(simulation: Simulation) -> dict[str, Operation]:
    """These operations of CloudFront, by name."""
    tenants = Tenants(simulation)
    return {
        "ListDistributionTenants": tenants.list_distribution_tenants,
        "GetDistributionTenant": tenants.get_distribution_tenant,
    }


class Tenants:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_distribution_tenants(self, params: Params, context: Context) -> Params:
        """The tenants of the account, or of one distribution."""
        wanted = (params.get("AssociationFilter") or {}).get("DistributionId")
        found = [
            (api, tenant)
            for api, tenant in self._simulation.world.tenants_of(context.account)
            if wanted in (None, api.distribution.id)
        ]
        page, told = paging.marked(found, params, lambda entry: entry[1].id)
        return {"NextMarker": told["NextMarker"], "DistributionTenantList": [self._told(*entry) for entry in page]}

    def get_distribution_tenant(self, params: Params, context: Context) -> Params:
        """One tenant, named by its id, its name or its ARN."""
        for api, tenant in self._simulation.world.tenants_of(context.account):
            if params["Identifier"] in (tenant.id, tenant.name, arns.tenant(api, tenant)):
                told = self._told(api, tenant)
                return {"DistributionTenant": told, "ETag": told.pop("ETag")}
        raise refusals.no_such_entity()

    def _told(self, api: Api, tenant: Tenant) -> Params:
        since = datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC)
        return {
            "Id": tenant.id,
            "DistributionId": api.distribution.id,
            "Name": tenant.name,
            "Arn": arns.tenant(api, tenant),
            "Domains": [{"Domain": domain, "Status": "active"} for domain in tenant.domains],
            "CreatedTime": since,
            "LastModifiedTime": since,
            "ETag": "E" + arns.hexadecimal(tenant.id, 13).upper(),
            "Enabled": True,
            "Status": "Deployed",
        }
