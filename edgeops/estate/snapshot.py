"""The estate as it is, as a document: a bounded number of queries, however large it is."""

from collections.abc import Iterable

from django.db.models import Prefetch

from edgeops.estate.document import AccountDoc, ApiDoc, DistributionDoc, EstateDoc, HopDoc
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop


def current() -> EstateDoc:
    """Everything that is operated, by name: the same rows give the same document."""
    on_path = Prefetch("hops", Hop.objects.on_path(), to_attr="path")
    apis = EdgeApi.objects.select_related("account", "distribution").prefetch_related(on_path).order_by("slug")
    return EstateDoc(
        accounts=tuple(account_doc(one) for one in Account.objects.order_by("name")),
        apis=tuple(api_doc(one, one.path) for one in apis),
    )


def account_doc(account: Account) -> AccountDoc:
    """One account, without its ExternalId."""
    return AccountDoc(
        name=account.name,
        aws_account_id=account.aws_account_id,
        region=account.region,
        other_regions=tuple(account.other_regions),
        role_arn=account.role_arn,
        monthly_budget=account.monthly_budget,
    )


def api_doc(api: EdgeApi, path: Iterable[Hop] | None = None) -> ApiDoc:
    """One API with its distribution and its request path, which somebody may have read already."""
    return ApiDoc(
        slug=api.slug,
        name=api.name,
        account=api.account.name,
        region=api.region,
        distribution=distribution_doc(api.distribution),
        hops=tuple(hop_doc(one) for one in (api.hops.on_path() if path is None else path)),
        description=api.description,
    )


def distribution_doc(distribution: Distribution) -> DistributionDoc:
    """One distribution."""
    return DistributionDoc(
        aws_id=distribution.aws_id,
        name=distribution.name,
        domain=distribution.domain,
        aliases=tuple(distribution.aliases),
        has_additional_metrics=distribution.has_additional_metrics,
        viewer_base_url=distribution.viewer_base_url,
        viewer_host=distribution.viewer_host,
        origin_probe_url=distribution.origin_probe_url,
    )


def hop_doc(hop: Hop) -> HopDoc:
    """One resource on a request path."""
    return HopDoc(
        kind=hop.kind,
        name=hop.name,
        region=hop.region,
        position=hop.position,
        dimensions=hop.dimensions,
        aws_id=hop.aws_id,
        details=hop.details,
    )
