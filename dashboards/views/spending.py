"""What EdgeOps costs on the AWS bill: a month as a page, and its hours as files."""

from collections.abc import Iterator

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards import months, pages, sheets, spending
from dashboards.months import Month
from dashboards.pages import HtmxRequest
from dashboards.permissions import viewer
from dashboards.sheets import Cell
from edgeops.estate import prices
from edgeops.estate.models import AwsUsage
from edgeops.metrics.models import ApiUsage, Cause

CALLS = ("hour", "account", "aws_account_id", "region", "service", "operation", "calls", "units", "dollars_low",
         "dollars_high")  # fmt: skip
APIS = ("hour", "account", "api", "cause", "polls", "metrics", "metrics_at_least", "dollars_low", "dollars_high")
ROWS_AT_ONCE = 2000


@require_GET
@viewer
def page(request: HtmxRequest) -> HttpResponseBase:
    """A month of every account and API; `month` names one that is over."""
    now = timezone.now()
    month = months.parse(request.GET.get("month", ""), now)
    accounts = spending.of_accounts(month, now)
    apis = spending.of_apis(month, now)
    context = {
        "month": month,
        "months": months.back_to(spending.first_hour(), now),
        "accounts": accounts,
        "apis": apis,
        "causes": Cause.labels,
        "others": spending.of_others(accounts, apis),
    }
    return pages.render_page(request, "spending/spending.html", context, fragment="live")


@require_GET
@viewer
def calls(request: HtmxRequest) -> HttpResponseBase:
    """Every hour of a month by account, region and operation, as CSV."""
    month = months.parse(request.GET.get("month", ""), timezone.now())
    return _page(request) if month.problem else sheets.response(f"edgeops-calls-{month.name}", CALLS, _calls(month))


@require_GET
@viewer
def shares(request: HtmxRequest) -> HttpResponseBase:
    """Every hour of a month by API and cause, as CSV."""
    month = months.parse(request.GET.get("month", ""), timezone.now())
    return _page(request) if month.problem else sheets.response(f"edgeops-apis-{month.name}", APIS, _shares(month))


def _page(request: HtmxRequest) -> HttpResponseBase:
    """To the page, which says what is wrong with the month: a file of another one would be taken for it."""
    return redirect(f"{reverse('spending')}?{request.GET.urlencode()}")


def _calls(month: Month) -> Iterator[list[Cell]]:
    rows = AwsUsage.objects.filter(hour__gte=month.begin, hour__lt=month.end).order_by("hour", "pk")
    fields = ("hour", "account__name", "account__aws_account_id", "region", "service", "operation", "calls", "units")
    for *row, at_least in rows.values_list(*fields, "units_at_least").iterator(ROWS_AT_ONCE):
        _, _, _, _, service, operation, _, units = row
        cost = prices.of_units(service, operation, units, at_least)
        yield [*row, *((None, None) if cost is None else _written(cost))]


def _shares(month: Month) -> Iterator[list[Cell]]:
    rows = ApiUsage.objects.filter(hour__gte=month.begin, hour__lt=month.end).order_by("hour", "pk")
    fields = ("hour", "api__account__name", "api__slug", "cause", "polls")
    for *row, metrics, at_least in rows.values_list(*fields, "metrics", "metrics_at_least").iterator(ROWS_AT_ONCE):
        yield [*row, metrics, at_least, *_written(prices.of_metrics(metrics, at_least))]


def _written(cost: prices.Dollars) -> tuple[str, str]:
    """Plain decimals: a spreadsheet must not have to read 1e-05."""
    return f"{cost.low:.5f}", f"{cost.high:.5f}"
