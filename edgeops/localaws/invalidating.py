"""CloudFront's API for invalidations, with its memory of caller references and its bill."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain

from edgeops.localaws import invalidation, paging, quotas, refusals
from edgeops.localaws.faults import Fault
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.state import Invalidation, State, with_billed
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Tenant

WORDS = {"paths_in_progress": "invalidation paths", "wildcards_in_progress": "wildcard invalidation paths"}


@dataclass(frozen=True, slots=True)
class Target:
    """What is invalidated: a distribution, or one of its tenants."""

    api: Api
    tenant: Tenant | None = None

    @property
    def holder(self) -> str:
        """Whose objects these are."""
        return self.api.distribution.id if self.tenant is None else self.tenant.id

    @property
    def place(self) -> str:
        """Where CloudFront's API has it."""
        kind = "distribution" if self.tenant is None else "distribution-tenant"
        return f"https://cloudfront.amazonaws.com/2020-05-31/{kind}/{self.holder}"


def operations(simulation: Simulation) -> dict[str, Operation]:
    """These operations of CloudFront, by name."""
    invalidations = Invalidations(simulation)
    return {
        "CreateInvalidation": invalidations.create_invalidation,
        "GetInvalidation": invalidations.get_invalidation,
        "ListInvalidations": invalidations.list_invalidations,
        "CreateInvalidationForDistributionTenant": invalidations.create_for_tenant,
        "GetInvalidationForDistributionTenant": invalidations.get_for_tenant,
        "ListInvalidationsForDistributionTenant": invalidations.list_for_tenant,
    }


def running(state: State, distribution_id: str, now: float) -> list[Invalidation]:
    """The invalidations of a distribution and its tenants that are in progress."""
    found = (known for known in state.invalidations if known.distribution_id == distribution_id)
    return [known for known in found if known.status(now) == "InProgress"]


class Invalidations:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def create_invalidation(self, params: Params, context: Context) -> Params:
        """Begin an invalidation, or tell of the one this caller reference began before."""
        api = self._simulation.owned(params["DistributionId"], context)
        if api.distribution.tenants:
            raise AwsError("InvalidArgument", "The distribution is for tenants only: invalidate a distribution tenant.")
        return self._create(Target(api), params["InvalidationBatch"], context)

    def create_for_tenant(self, params: Params, context: Context) -> Params:
        """The same for one tenant of a distribution."""
        target = Target(*self._simulation.tenant(params["Id"], context))
        return self._create(target, params["InvalidationBatch"], context)

    def get_invalidation(self, params: Params, context: Context) -> Params:
        """One invalidation and how far it is."""
        target = Target(self._simulation.owned(params["DistributionId"], context))
        return self._get(target, params["Id"], context)

    def get_for_tenant(self, params: Params, context: Context) -> Params:
        """The same for one of a tenant."""
        target = Target(*self._simulation.tenant(params["DistributionTenantId"], context))
        return self._get(target, params["Id"], context)

    def list_invalidations(self, params: Params, context: Context) -> Params:
        """The invalidations of a distribution, newest first; what each is of, only GetInvalidation tells."""
        return self._list(Target(self._simulation.owned(params["DistributionId"], context)), params, context)

    def list_for_tenant(self, params: Params, context: Context) -> Params:
        """The same for a tenant."""
        return self._list(Target(*self._simulation.tenant(params["Id"], context)), params, context)

    def _get(self, target: Target, invalidation_id: str, context: Context) -> Params:
        for known in _of(self._simulation.store.state, target):
            if known.id == invalidation_id:
                return {"Invalidation": _told(known, context.now, context.faults)}
        raise AwsError("NoSuchInvalidation", "The specified invalidation does not exist.", status=404)

    def _list(self, target: Target, params: Params, context: Context) -> Params:
        newest_first = _of(self._simulation.store.state, target)[::-1]
        page, told = paging.marked(newest_first, params, lambda known: known.id)
        return {"InvalidationList": {**told, "Items": [_summary(one, context.now, context.faults) for one in page]}}

    def _create(self, target: Target, batch: Params, context: Context) -> Params:
        items, reference = invalidation.items(batch), batch["CallerReference"]
        accepted: list[Invalidation] = []

        def create(state: State) -> State:
            known = _by_reference(state, target, reference)
            if known is not None:
                accepted.append(_same(known, items))
                return state
            self._check_room(state, target.api, items, context)
            created = self._invalidation(state.serial + 1, target, reference, items, context.now)
            accepted.append(created)
            after = replace(state, serial=state.serial + 1, invalidations=(*state.invalidations, created))
            month = f"{_moment(context.now):%Y-%m}"
            return with_billed(after, target.api.account_id, month, created.distribution_id, len(set(items)))

        self._simulation.store.change(create)
        told = _told(accepted[0], context.now, context.faults)
        return {"Location": f"{target.place}/invalidation/{accepted[0].id}", "Invalidation": told}

    def _check_room(self, state: State, api: Api, items: tuple[str, ...], context: Context) -> None:
        """Raise TooManyInvalidationsInProgress when a distribution has no room for these items."""
        taken = [set(known.paths) for known in running(state, api.distribution.id, context.now)]
        quota = quotas.exceeded(state.quotas, set(items), chain.from_iterable(taken))
        if quota is not None:
            self._simulation.meter.limited(api.account_id, quota)
            raise refusals.too_many_in_progress(WORDS[quota])

    def _invalidation(
        self, serial: int, target: Target, reference: str, items: tuple[str, ...], now: float
    ) -> Invalidation:
        digest = sha256(f"{target.api.distribution.id} {serial}".encode()).hexdigest()[:20].upper()
        return Invalidation(
            id=f"I{digest}",
            distribution_id=target.api.distribution.id,
            caller_reference=reference,
            paths=items,
            created_at=now,
            completes_at=now + self._simulation.settings.invalidation_seconds,
            tenant_id="" if target.tenant is None else target.tenant.id,
        )


def _of(state: State, target: Target) -> list[Invalidation]:
    return [known for known in state.invalidations if known.holder == target.holder]


def _by_reference(state: State, target: Target, reference: str) -> Invalidation | None:
    for known in _of(state, target):
        if known.caller_reference == reference:
            return known
    return None


def _same(known: Invalidation, items: tuple[str, ...]) -> Invalidation:
    """The invalidation of a repeated caller reference; with other items it is an error."""
    if set(known.paths) != set(items):
        raise refusals.reference_taken()
    return known


def _told(known: Invalidation, now: float, spoiling: tuple[Fault, ...]) -> Params:
    return {
        **_summary(known, now, spoiling),
        "InvalidationBatch": {
            "Paths": {"Quantity": len(known.paths), "Items": list(known.paths)},
            "CallerReference": known.caller_reference,
        },
    }


def _summary(known: Invalidation, now: float, spoiling: tuple[Fault, ...]) -> Params:
    status, created_at = known.status(now), known.created_at
    for fault in spoiling:
        status, created_at = fault.spoilt(status, created_at)
    return {"Id": known.id, "CreateTime": _moment(created_at), "Status": status}


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
