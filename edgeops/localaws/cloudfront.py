"""CloudFront's API: distributions, and invalidations with their memory of caller references."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from edgeops.localaws import distributions, edge_settings, invalidation, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.state import Invalidation, State
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api

LARGEST_PAGE = 100


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of CloudFront, by name."""
    cloudfront = CloudFront(simulation)
    return {
        "ListDistributions": cloudfront.list_distributions,
        "GetDistribution": cloudfront.get_distribution,
        "GetDistributionConfig": cloudfront.get_distribution_config,
        "CreateInvalidation": cloudfront.create_invalidation,
        "GetInvalidation": cloudfront.get_invalidation,
        "ListInvalidations": cloudfront.list_invalidations,
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
        page, told = _page(found, params, lambda api: api.distribution.id)
        return {"DistributionList": {**told, "Items": [distributions.summary(api, changed_at=anchor) for api in page]}}

    def get_distribution(self, params: Params, context: Context) -> Params:
        """One distribution, with the number of its running invalidations."""
        api = self._simulation.owned(params["Id"], context)
        in_progress = len(self._running(self._state, api, context.now))
        told = distributions.distribution(api, changed_at=self._state.anchor, in_progress=in_progress)
        return {"Distribution": told, "ETag": distributions.etag(api)}

    def get_distribution_config(self, params: Params, context: Context) -> Params:
        """Its configuration."""
        api = self._simulation.owned(params["Id"], context)
        return {"DistributionConfig": distributions.config(api), "ETag": distributions.etag(api)}

    def create_invalidation(self, params: Params, context: Context) -> Params:
        """Begin an invalidation, or tell of the one this caller reference began before."""
        api = self._simulation.owned(params["DistributionId"], context)
        batch = params["InvalidationBatch"]
        paths = invalidation.paths(batch)
        reference = batch["CallerReference"]
        accepted: list[Invalidation] = []

        def create(state: State) -> State:
            known = _by_reference(state, api, reference)
            if known is not None:
                accepted.append(_same(known, paths))
                return state
            invalidation.check_room(paths, self._running(state, api, context.now))
            created = self._invalidation(state.serial + 1, api, reference, paths, context.now)
            accepted.append(created)
            return replace(
                state,
                serial=state.serial + 1,
                invalidations=(*state.invalidations, created),
                billed_paths=state.billed_paths + len(paths),
            )

        self._simulation.store.change(create)
        location = (
            f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{api.distribution.id}"
            f"/invalidation/{accepted[0].id}"
        )
        return {"Location": location, "Invalidation": _told(accepted[0], context.now)}

    def get_invalidation(self, params: Params, context: Context) -> Params:
        """One invalidation and how far it is."""
        api = self._simulation.owned(params["DistributionId"], context)
        for known in self._of(self._state, api):
            if known.id == params["Id"]:
                return {"Invalidation": _told(known, context.now)}
        raise AwsError("NoSuchInvalidation", "The specified invalidation does not exist.", status=404)

    def list_invalidations(self, params: Params, context: Context) -> Params:
        """The invalidations of a distribution, newest first."""
        newest_first = self._of(self._state, self._simulation.owned(params["DistributionId"], context))[::-1]
        page, told = _page(newest_first, params, lambda known: known.id)
        items = [
            {"Id": known.id, "CreateTime": _moment(known.created_at), "Status": known.status(context.now)}
            for known in page
        ]
        return {"InvalidationList": {**told, "Items": items}}

    @property
    def _state(self) -> State:
        return self._simulation.store.state

    def _of(self, state: State, api: Api) -> list[Invalidation]:
        return [known for known in state.invalidations if known.distribution_id == api.distribution.id]

    def _running(self, state: State, api: Api, now: float) -> list[Invalidation]:
        return [known for known in self._of(state, api) if known.status(now) == "InProgress"]

    def _invalidation(self, serial: int, api: Api, reference: str, paths: tuple[str, ...], now: float) -> Invalidation:
        digest = sha256(f"{api.distribution.id} {serial}".encode()).hexdigest()[:20].upper()
        return Invalidation(
            id=f"I{digest}",
            distribution_id=api.distribution.id,
            caller_reference=reference,
            paths=paths,
            created_at=now,
            completes_at=now + self._simulation.settings.invalidation_seconds,
        )


def _by_reference(state: State, api: Api, reference: str) -> Invalidation | None:
    for known in state.invalidations:
        if known.distribution_id == api.distribution.id and known.caller_reference == reference:
            return known
    return None


def _same(known: Invalidation, paths: tuple[str, ...]) -> Invalidation:
    """The invalidation of a repeated caller reference; with other paths it is an error."""
    if sorted(known.paths) != sorted(paths):
        raise AwsError(
            "InvalidationBatchAlreadyExists",
            "An invalidation batch with this caller reference and other paths already exists.",
        )
    return known


def _told(known: Invalidation, now: float) -> Params:
    return {
        "Id": known.id,
        "Status": known.status(now),
        "CreateTime": _moment(known.created_at),
        "InvalidationBatch": {
            "Paths": {"Quantity": len(known.paths), "Items": list(known.paths)},
            "CallerReference": known.caller_reference,
        },
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _page[T](entries: Sequence[T], params: Params, id_of: Callable[[T], str]) -> tuple[list[T], Params]:
    """One page of a CloudFront list, and what is told beside its items."""
    size = paging.size_of(params.get("MaxItems"), largest=LARGEST_PAGE)
    page = paging.page(entries, after=params.get("Marker"), size=size, id_of=id_of)
    told = {"Marker": params.get("Marker") or "", "NextMarker": page.next or None, "MaxItems": size}
    return page.items, {**told, "IsTruncated": bool(page.next), "Quantity": len(page.items)}
