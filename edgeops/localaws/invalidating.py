"""CloudFront's API for invalidations, with its memory of caller references and its bill."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain

from edgeops.localaws import invalidation, paging, quotas, refusals
from edgeops.localaws.faults import Fault
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.state import Invalidation, State, with_billed
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api

WORDS = {"paths_in_progress": "invalidation paths", "wildcards_in_progress": "wildcard invalidation paths"}


def operations(simulation: Simulation) -> dict[str, Operation]:
    """These operations of CloudFront, by name."""
    invalidations = Invalidations(simulation)
    return {
        "CreateInvalidation": invalidations.create_invalidation,
        "GetInvalidation": invalidations.get_invalidation,
        "ListInvalidations": invalidations.list_invalidations,
    }


def running(state: State, distribution_id: str, now: float) -> list[Invalidation]:
    """The invalidations of a distribution that are in progress."""
    return [known for known in _of(state, distribution_id) if known.status(now) == "InProgress"]


class Invalidations:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def create_invalidation(self, params: Params, context: Context) -> Params:
        """Begin an invalidation, or tell of the one this caller reference began before."""
        api = self._simulation.owned(params["DistributionId"], context)
        created = self._create(api, params["InvalidationBatch"], context)
        where = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{api.distribution.id}"
        return {
            "Location": f"{where}/invalidation/{created.id}",
            "Invalidation": _told(created, context.now, context.faults),
        }

    def get_invalidation(self, params: Params, context: Context) -> Params:
        """One invalidation and how far it is."""
        api = self._simulation.owned(params["DistributionId"], context)
        for known in _of(self._simulation.store.state, api.distribution.id):
            if known.id == params["Id"]:
                return {"Invalidation": _told(known, context.now, context.faults)}
        raise AwsError("NoSuchInvalidation", "The specified invalidation does not exist.", status=404)

    def list_invalidations(self, params: Params, context: Context) -> Params:
        """The invalidations of a distribution, newest first; what each is of, only GetInvalidation tells."""
        api = self._simulation.owned(params["DistributionId"], context)
        newest_first = _of(self._simulation.store.state, api.distribution.id)[::-1]
        page, told = paging.marked(newest_first, params, lambda known: known.id)
        return {"InvalidationList": {**told, "Items": [_summary(one, context.now, context.faults) for one in page]}}

    def _create(self, api: Api, batch: Params, context: Context) -> Invalidation:
        items, reference = invalidation.items(batch), batch["CallerReference"]
        accepted: list[Invalidation] = []

        def create(state: State) -> State:
            known = _by_reference(state, api, reference)
            if known is not None:
                accepted.append(_same(known, items))
                return state
            self._check_room(state, api, items, context)
            created = self._invalidation(state.serial + 1, api, reference, items, context.now)
            accepted.append(created)
            after = replace(state, serial=state.serial + 1, invalidations=(*state.invalidations, created))
            month = f"{_moment(context.now):%Y-%m}"
            return with_billed(after, api.account_id, month, api.distribution.id, len(set(items)))

        self._simulation.store.change(create)
        return accepted[0]

    def _check_room(self, state: State, api: Api, items: tuple[str, ...], context: Context) -> None:
        """Raise TooManyInvalidationsInProgress when a distribution has no room for these items."""
        taken = [set(known.paths) for known in running(state, api.distribution.id, context.now)]
        quota = quotas.exceeded(state.quotas, set(items), chain.from_iterable(taken))
        if quota is not None:
            self._simulation.meter.limited(api.account_id, quota)
            raise refusals.too_many_in_progress(WORDS[quota])

    def _invalidation(self, serial: int, api: Api, reference: str, items: tuple[str, ...], now: float) -> Invalidation:
        digest = sha256(f"{api.distribution.id} {serial}".encode()).hexdigest()[:20].upper()
        return Invalidation(
            id=f"I{digest}",
            distribution_id=api.distribution.id,
            caller_reference=reference,
            paths=items,
            created_at=now,
            completes_at=now + self._simulation.settings.invalidation_seconds,
        )


def _of(state: State, distribution_id: str) -> list[Invalidation]:
    return [known for known in state.invalidations if known.distribution_id == distribution_id]


def _by_reference(state: State, api: Api, reference: str) -> Invalidation | None:
    for known in _of(state, api.distribution.id):
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
