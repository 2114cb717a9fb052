"""An estate of thousands of series: copies of the demo's APIs, as local AWS has them with `--copies`."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import transaction

from edgeops.access.audit import Actor
from edgeops.alarms import rules
from edgeops.alarms.evaluation import Condition
from edgeops.demo.world import WORLD
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop, HopKind
from edgeops.localaws.copies import with_copies
from edgeops.localaws.world import Api
from edgeops.localaws.worldfile import load
from edgeops.metrics import periods, registry
from edgeops.metrics.models import Lease, Series

EDGE = "us-east-1"
COPIES = 51
SERIES = 5_000
ALARMS = 200
NEVER = Condition("GreaterThanThreshold", 1e12, 3, 2, "missing")


def build(now: datetime) -> None:
    """Nothing but 5,000 series of one account, in three regions, every API's page open and 200 alarms on them."""
    call_command("flush", interactive=False, verbosity=0)
    imagined = with_copies(load(WORLD), COPIES)
    with transaction.atomic():
        account = Account.objects.create(
            name="many", aws_account_id=imagined.account.id, region=imagined.account.region
        )
        for api in imagined.apis:
            if api.account_id == account.aws_account_id and not api.hop("s3"):
                _add(account, api)
        Series.objects.filter(pk__in=Series.objects.order_by("-pk")[: Series.objects.count() - SERIES]).delete()
        _open_pages(now)
        _bind_alarms(now)


def mark_polled(now: datetime) -> None:
    """As if each series had been polled until some minutes ago, its history read."""
    minute = periods.floor(now, periods.MINUTE)
    Series.objects.update(
        polled_at=now - timedelta(minutes=2),
        settled_until=minute - timedelta(minutes=5),
        first_datapoint_at=minute - timedelta(days=1),
        five_minutes_until=minute,
        hours_until=minute,
    )


def _add(account: Account, api: Api) -> None:
    distribution = Distribution.objects.create(
        account=account,
        aws_id=api.distribution.id,
        name=api.slug,
        domain=api.distribution.domain,
        has_additional_metrics=api.distribution.additional_metrics,
    )
    row = EdgeApi.objects.create(
        slug=api.slug, name=api.name, account=account, region=api.region, distribution=distribution
    )
    for position, (kind, region, name, dimensions) in enumerate(_hops(api)):
        hop = Hop.objects.create(
            api=row, account=account, region=region, kind=kind, name=name, position=position, dimensions=dimensions
        )
        registry.ensure_series(hop)


def _hops(api: Api) -> Iterator[tuple[HopKind, str, str, dict[str, str]]]:
    """Kind, region, name and dimensions of what local AWS publishes metrics of."""
    distribution = api.distribution.id
    yield HopKind.CLOUDFRONT, EDGE, distribution, {"DistributionId": distribution, "Region": "Global"}
    if api.waf:
        yield HopKind.WAF, EDGE, api.waf.name, {"WebACL": api.waf.metric, "Rule": "ALL"}
    balancer = api.hop("alb")
    of_balancer = {"LoadBalancer": f"app/{balancer.name}/{balancer.id}"} if balancer else {}
    for hop in api.hops:
        dimensions = {
            HopKind.REST_API: {"ApiName": hop.name, "Stage": hop.stage},
            HopKind.HTTP_API: {"ApiId": hop.id, "Stage": hop.stage},
            HopKind.LAMBDA: {"FunctionName": hop.name},
            HopKind.ALB: of_balancer,
            HopKind.TARGET_GROUP: {**of_balancer, "TargetGroup": f"targetgroup/{hop.name}/{hop.id}"},
        }
        kind = HopKind(hop.kind)
        yield kind, api.region, hop.name, dimensions[kind]


def _open_pages(now: datetime) -> None:
    until = now + timedelta(days=1)
    Lease.objects.bulk_create(
        Lease(key=f"api:{api.slug}", api=api, renewed_at=now, expires_at=until) for api in EdgeApi.objects.all()
    )


def _bind_alarms(now: datetime) -> None:
    actor = Actor(kind="system", name="bench", address=None)
    for one in Series.objects.select_related("hop__api").order_by("pk")[: SERIES : SERIES // ALARMS]:
        rules.create(api=one.hop.api, name=f"Alarm {one.pk}", series=one, condition=NEVER, actor=actor, now=now)
