"""CloudFront's API: distributions; their invalidations, tenants and settings have modules of their own."""

from edgeops.localaws import distributions, edge_settings, invalidating, paging, tenants
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.state import State
from edgeops.localaws.wire.messages import Params


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of CloudFront, by name."""
    cloudfront = CloudFront(simulation)
    return {
        "ListDistributions": cloudfront.list_distributions,
        "GetDistribution": cloudfront.get_distribution,
        "GetDistributionConfig": cloudfront.get_distribution_config,
        **invalidating.operations(simulation),
        **tenants.operations(simulation),
        **edge_settings.operations(simulation),
    }


class CloudFront:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_distributions(self, params: Params, context: Context) -> Params:
        """All distributions, a page at a time."""
        anchor = self._state.anchor
        found = self._simulation.world.distributions_of(context.account)
        page, told = paging.marked(found, params, lambda api: api.distribution.id)
        return {"DistributionList": {**told, "Items": [distributions.summary(api, changed_at=anchor) for api in page]}}

    def get_distribution(self, params: Params, context: Context) -> Params:
        """One distribution, with the number of its running invalidations."""
        api = self._simulation.owned(params["Id"], context)
        in_progress = len(invalidating.running(self._state, api.distribution.id, context.now))
        told = distributions.distribution(api, changed_at=self._state.anchor, in_progress=in_progress)
        return {"Distribution": told, "ETag": distributions.etag(api)}

    def get_distribution_config(self, params: Params, context: Context) -> Params:
        """Its configuration."""
        api = self._simulation.owned(params["Id"], context)
        return {"DistributionConfig": distributions.config(api), "ETag": distributions.etag(api)}

    @property
    def _state(self) -> State:
        return self._simulation.store.state
