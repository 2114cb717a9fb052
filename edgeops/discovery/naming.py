"""What a discovered API and its hops are called. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from django.utils.text import slugify

from edgeops.aws.distributions import Setup
from edgeops.estate.document import ApiDoc, DistributionDoc, HopDoc
from edgeops.estate.models import HopKind

MAX_SLUG, MAX_NAME, MAX_HOP_NAME = 60, 100, 200
REGIONAL = {HopKind.REST_API, HopKind.HTTP_API, HopKind.ALB, HopKind.TARGET_GROUP, HopKind.LAMBDA, HopKind.S3}


def api(
    setup: Setup,
    hops: Sequence[HopDoc],
    *,
    account: str,
    region: str,
    has_additional_metrics: bool,
    taken: Collection[str] = (),
) -> ApiDoc:
    """The API a distribution and its path make; `region` where no hop is in a region of its own."""
    name = _printable(setup.comment)[:MAX_NAME].strip() or _first_label(setup) or setup.id
    slug = free_slug(name, setup.id, taken)
    return ApiDoc(
        slug=slug,
        name=name,
        account=account,
        region=region_of(hops, region),
        distribution=DistributionDoc(
            aws_id=setup.id,
            name=slug,
            domain=setup.domain,
            aliases=setup.aliases,
            has_additional_metrics=has_additional_metrics,
        ),
        hops=told_apart(hops),
    )


def region_of(hops: Iterable[HopDoc], otherwise: str) -> str:
    """Where a path's first resource with a region of its own is."""
    return next((one.region for one in hops if one.kind in REGIONAL), otherwise)


def free_slug(name: str, distribution_id: str, taken: Collection[str]) -> str:
    """A slug nobody has: of the name, else with the distribution's id, which no other has."""
    identity = slugify(distribution_id)
    slug = slugify(name)[:MAX_SLUG].strip("-") or identity
    return slug if slug not in taken else f"{slug[: MAX_SLUG - len(identity) - 1]}-{identity}"


def told_apart(hops: Iterable[HopDoc]) -> tuple[HopDoc, ...]:
    """The same hops, no two of one kind with one name: what differs is added to the name, at worst a number."""
    found = [replace(one, name=one.name[:MAX_HOP_NAME]) for one in hops]
    for differs in (_stage, _region, _balancer):
        shared = Counter((one.kind, one.name) for one in found)
        found = [_called(one, differs(one)) if shared[one.kind, one.name] > 1 else one for one in found]
    seen: Counter[tuple[str, str]] = Counter()
    for place, one in enumerate(found):
        seen[one.kind, one.name] += 1
        if seen[one.kind, one.name] > 1:
            found[place] = _called(one, str(seen[one.kind, one.name]))
    return tuple(found)


def _called(hop: HopDoc, addition: str) -> HopDoc:
    if not addition:
        return hop
    room = MAX_HOP_NAME - len(addition) - 3
    return replace(hop, name=f"{hop.name[:room]} ({addition})")


def _stage(hop: HopDoc) -> str:
    return str(hop.details.get("stage", ""))


def _region(hop: HopDoc) -> str:
    return hop.region


def _balancer(hop: HopDoc) -> str:
    """A target group is counted apart behind each load balancer."""
    return hop.dimensions.get("LoadBalancer", "") if hop.kind == HopKind.TARGET_GROUP else ""


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())


def _first_label(setup: Setup) -> str:
    return setup.aliases[0].partition(".")[0] if setup.aliases else ""
