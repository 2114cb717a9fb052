"""AWS accounts: each with its regions, whose rights read it, what its access allows; admins add, edit and remove."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import access_tests, discoveries, months, pages, refreshing, spending
from dashboards.access_tests import Group
from dashboards.forms.accounts import AccountForm
from dashboards.forms.removing import RemoveForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, operator, viewer
from edgeops.discovery import policies
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate import accounts
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import Account
from edgeops.estate.plain import DocumentError


@require_GET
@viewer
def detail(request: HtmxRequest, name: str) -> HttpResponse:
    """One account: how it is entered, what its access allowed when it was tested, its health and its bill."""
    now = timezone.now()
    account = get_object_or_404(Account.objects.prefetch_related("health", "apis"), name=name)
    asked = discoveries.newest(account, DiscoveryKind.ACCESS)
    health = [(one.pk, one.state, one.message) for one in account.health.all()]
    etag = refreshing.tag(request, now, asked.marks, health)
    if (unchanged := refreshing.not_modified(request, etag)) is not None:
        return unchanged
    (bill,) = spending.of_accounts(months.current(now), now, Account.objects.filter(pk=account.pk))
    context = {
        "account": account,
        "asked": asked,
        "checks": _checks(asked.answered),
        "apis": account.apis.all(),
        "trust": _json(policies.trust(account.external_id)),
        "reading": _json(policies.reading()),
        "invalidating": _json(policies.invalidating(account.distributions.all(), account.aws_account_id)),
        "bill": bill,
    }
    return refreshing.tagged(
        request, pages.render_page(request, "accounts/detail.html", context, fragment="live"), etag
    )


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def create(request: HtmxRequest) -> HttpResponse:
    """Add an account; its page then shows the policies that let EdgeOps in."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    account = _saved(request, form)
    if account is None:
        return render(request, "accounts/form.html", {"form": form})
    words = "Make its role with the policies below, then test the access." if account.role_arn else "Test the access."
    messages.success(request, f"{account.name} is added. {words}")
    return redirect("aws_account", name=account.name)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def edit(request: HtmxRequest, name: str) -> HttpResponse:
    """Change an account; its name and its ExternalId stay."""
    account = get_object_or_404(Account, name=name)
    form = AccountForm(request.POST if request.method == "POST" else None, account=account)
    if _saved(request, form) is None:
        return render(request, "accounts/form.html", {"form": form, "account": account})
    messages.success(request, f"{account.name} was saved.")
    return redirect("aws_account", name=name)


@require_POST
@operator
def test_access(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker try what EdgeOps needs in the account, action by action."""
    account = get_object_or_404(Account, name=name)
    discoveries.ask(request, account, DiscoveryKind.ACCESS)
    return redirect("aws_account", name=name)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def remove(request: HtmxRequest, name: str) -> HttpResponse:
    """Forget an account no API uses; its name is typed to confirm."""
    account = get_object_or_404(Account, name=name)
    form = RemoveForm(request.POST if request.method == "POST" else None, kind="account", name=name)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.remove(account, actor=pages.actor(request), now=timezone.now())
        except EstateError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"{name} is removed from EdgeOps. In AWS nothing has changed: its role is still there."
            )
            return redirect("settings")
    return render(request, "accounts/remove.html", {"form": form, "account": account, "apis": account.apis.all()})


def _saved(request: HtmxRequest, form: AccountForm) -> Account | None:
    """The account as it is stored now; None when the form was not sent, or says what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return accounts.put(form.document, actor=pages.actor(request), now=timezone.now())
    except DocumentError as error:
        form.add_problem(error.place, error.problem)
    except EstateError as error:
        form.add_error(None, str(error))
    return None


def _json(policy: dict[str, Any]) -> str:
    return json.dumps(policy, indent=2)


def _checks(answered: Discovery | None) -> list[Group]:
    return [] if answered is None else access_tests.groups(discoveries.result_of(answered)["checks"])
