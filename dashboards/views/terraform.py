"""Adding an API from Terraform: the domains among its outputs, and the distributions they lead to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboards import discoveries, distributions, pages
from dashboards.distributions import Listed
from dashboards.forms.terraform import TerraformForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import operator
from edgeops.discovery import terraform
from edgeops.discovery.listing import Entry
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.discovery.terraform import Domain, TerraformOutputs
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account


@dataclass(frozen=True)
class Led:
    """A domain and a distribution of an account it leads to; None: no account's list has one."""

    domain: Domain
    account: Account | None = None
    listed: Listed | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@operator
def outputs(request: HtmxRequest) -> HttpResponse:
    """Read pasted or uploaded outputs and show where they lead; accounts not listed yet are listed."""
    if request.method != "POST":
        return _page(request, TerraformForm())
    form = TerraformForm(request.POST, request.FILES)
    if not form.is_valid() or form.outputs is None:
        return _page(request, form)
    entries = _lists()
    waiting = [account for account, listed in entries.items() if listed is None]
    for account in waiting:
        discoveries.ask(request, account, DiscoveryKind.DISTRIBUTIONS)
    listed = {account: one for account, one in entries.items() if one is not None}
    context = {
        "outputs": form.outputs,
        "rows": list(_led(form.outputs, listed)),
        "waiting": waiting,
        "has_accounts": bool(entries),
    }
    return _page(request, TerraformForm(initial={"text": form.reduced}), **context)


def _lists() -> dict[Account, list[Entry] | None]:
    """What every account's newest list holds, in one query; None: it was never listed."""
    newest = Discovery.objects.filter(
        account=OuterRef("pk"), kind=DiscoveryKind.DISTRIBUTIONS, state=FetchState.DONE
    ).order_by("-requested_at")
    accounts = Account.objects.annotate(listed=Subquery(newest.values("result")[:1])).order_by("name")
    return {one: None if one.listed is None else one.listed["distributions"] for one in accounts}


def _led(found: TerraformOutputs, entries: Mapping[Account, Sequence[Entry]]) -> Iterator[Led]:
    led: dict[Domain, list[Led]] = {domain: [] for domain in found.domains}
    for account, listed in entries.items():
        by_id = {one.id: one for one in distributions.read(listed)}
        for match in terraform.match(found, listed):
            led[match.domain] += [Led(match.domain, account, by_id[one]) for one in match.distribution_ids]
    for domain, rows in led.items():
        yield from rows or [Led(domain)]


def _page(request: HtmxRequest, form: TerraformForm, **context: object) -> HttpResponse:
    return pages.render_page(request, "add_api/terraform.html", {"form": form, **context}, fragment="live")
