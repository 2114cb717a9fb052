"""CloudFront's API: distributions, and invalidations with their memory of caller references."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from edgeops.localaws import distributions, invalidation
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
    }


class CloudFront:
    """Each method is one operation of the API."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_distributions(self, params: Params, context: Context) -> Params:
        """All distributions, a page at a time."""
        account, anchor = context.account, self._state.anchor
        page = _page(self._simulation.world.apis_of(account), params, lambda api: api.distribution.id)
        items = [distributions.summary(api, account, changed_at=anchor) for api in page.pop("Items")]
        return {"DistributionList": {**page, "Items": items}}

    def get_distribution(self, params: Params, context: Context) -> Params:
        """One distribution, with the number of its running invalidations."""
        api = self._api(params["Id"], context)
        told = distributions.distribution(
            api,
            context.account,
            changed_at=self._state.anchor,
            in_progress=len(self._running(self._state, api, context.now)),
        )
        return {"Distribution": told, "ETag": distributions.etag(api)}

    def get_distribution_config(self, params: Params, context: Context) -> Params:
        """Its configuration."""
        api = self._api(params["Id"], context)
        config = distributions.config(api, context.account)
        return {"DistributionConfig": config, "ETag": distributions.etag(api)}

    def create_invalidation(self, params: Params, context: Context) -> Params:
        """Begin an invalidation, or tell of the one this caller reference began before."""
        api = self._api(params["DistributionId"], context)
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
        api = self._api(params["DistributionId"], context)
        for known in self._of(self._state, api):
            if known.id == params["Id"]:
                return {"Invalidation": _told(known, context.now)}
        raise AwsError("NoSuchInvalidation", "The specified invalidation does not exist.", status=404)

    def list_invalidations(self, params: Params, context: Context) -> Params:
        """The invalidations of a distribution, newest first."""
        newest_first = self._of(self._state, self._api(params["DistributionId"], context))[::-1]
        page = _page(newest_first, params, lambda known: known.id)
        items = [
            {"Id": known.id, "CreateTime": _moment(known.created_at), "Status": known.status(context.now)}
            for known in page.pop("Items")
        ]
        return {"InvalidationList": {**page, "Items": items}}

    @property
    def _state(self) -> State:
        return self._simulation.store.state

    def _api(self, distribution_id: str, context: Context) -> Api:
        api = self._simulation.world.distribution(distribution_id)
        if api is None or api.account_id != context.account.id:
            raise AwsError("NoSuchDistribution", "The specified distribution does not exist.", status=404)
        return api

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


def _page[T](entries: Sequence[T], params: Params, id_of: Callable[[T], str]) -> Params:
    """One page of a CloudFront list; Marker is the id of the last entry of the page before."""
    marker, size = params.get("Marker") or "", _page_size(params)
    ids = [id_of(entry) for entry in entries]
    if marker and marker not in ids:
        raise AwsError("InvalidArgument", f"The marker {marker!r} is not of this list.")
    begin = ids.index(marker) + 1 if marker else 0
    page = entries[begin : begin + size]
    truncated = begin + len(page) < len(entries)
    return {
        "Marker": marker,
        **({"NextMarker": id_of(page[-1])} if truncated else {}),
        "MaxItems": size,
        "IsTruncated": truncated,
        "Quantity": len(page),
        "Items": list(page),
    }


def _page_size(params: Params) -> int:
    asked = str(params.get("MaxItems") or LARGEST_PAGE)
    if not asked.isdecimal() or int(asked) < 1:
        raise AwsError("InvalidArgument", f"The value {asked!r} for parameter MaxItems is invalid.")
    return min(int(asked), LARGEST_PAGE)
