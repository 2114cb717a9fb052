"""A distribution as invalidations see it: its policy, its suspensions, its quotas, and the stage caches behind it."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages, purses
from dashboards.forms.policies import FlushForm, PolicyForm, QuotaForm, ReplaceForm, SuspensionForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, operator, viewer
from edgeops.estate.models import Account, Distribution, Hop
from edgeops.invalidations import breaking, configs, flushing, policies, suspending
from edgeops.invalidations.models import (
    Policy,
    QuotaProfile,
    Request,
    RequestState,
    StageFlush,
    Suspension,
    Tenant,
)
from edgeops.invalidations.policies import PolicyError
from edgeops.invalidations.refusals import AskingError

SUSPENSIONS_SHOWN, FLUSHES_SHOWN, TENANTS_SHOWN = 10, 5, 50
SAVED = "Saved. Whatever has not been sent yet follows it."


@require_GET
@viewer
def detail(request: HtmxRequest, pk: int) -> HttpResponse:
    """Everything an invalidation of this distribution meets."""
    return _page(request, _distribution(pk), SuspensionForm())


def _page(request: HtmxRequest, distribution: Distribution, form: SuspensionForm) -> HttpResponse:
    now = timezone.now()
    active = list(Suspension.objects.active(now).filter(distribution=distribution).order_by("-since"))
    held = Request.objects.filter(distribution=distribution, state=RequestState.HELD)
    stages = flushing.cached_stages(distribution)
    tenants = Tenant.objects.present().filter(distribution=distribution)
    flushes = _flushes(stages)
    context = {
        "distribution": distribution,
        "policy": Policy.of(distribution),
        "profile": QuotaProfile.of(distribution.account),
        "config": configs.of(distribution),
        "tenants": tenants[:TENANTS_SHOWN],
        "tenants_count": tenants.count(),
        "active": active,
        "is_suspended": any(not one.lane for one in active),
        "held": held.aggregate(requests=Count("pk"))["requests"],
        "past": Suspension.objects.filter(distribution=distribution).exclude(pk__in=[one.pk for one in active])
        .order_by("-since")[:SUSPENSIONS_SHOWN],
        "form": form,
        "replace_form": ReplaceForm(),
        "stages": stages,
        "flushes": flushes,
        "is_flushing": any(one.next_at is not None for one in flushes),
    }  # fmt: skip
    return pages.render_page(request, "cache/distribution.html", context, fragment="live")


def _flushes(stages: list[Hop]) -> list[StageFlush]:
    """The newest flushes of these stages."""
    if not stages:
        return []
    mine = Q()
    for hop in stages:
        mine |= Q(account=hop.account_id, region=hop.region, api_id=hop.aws_id)
    return list(StageFlush.objects.filter(mine).order_by("-requested_at")[:FLUSHES_SHOWN])


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Change the policy."""
    distribution = _distribution(pk)
    form = PolicyForm(request.POST if request.method == "POST" else None, instance=Policy.of(distribution))
    if request.method == "POST" and form.is_valid():
        try:
            policies.set_policy(distribution, form.cleaned_data, actor=pages.actor(request), now=timezone.now())
        except PolicyError as error:
            form.add_problem(str(error))
        else:
            messages.success(request, SAVED)
            return redirect("distribution", pk=pk)
    return render(request, "cache/policy.html", {"form": form, "distribution": distribution})


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def quota(request: HtmxRequest, name: str) -> HttpResponse:
    """Change an account's quotas; each bound can be switched off."""
    account = get_object_or_404(Account, name=name)
    form = QuotaForm(request.POST if request.method == "POST" else None, instance=QuotaProfile.of(account))
    if request.method == "POST" and form.is_valid():
        try:
            policies.set_quota(account, form.cleaned_data, actor=pages.actor(request), now=timezone.now())
        except PolicyError as error:
            form.add_problem(str(error))
        else:
            messages.success(request, SAVED)
            return redirect("quota", name=name)
    context = {
        "form": form,
        "account": account,
        "purses": [one for one in purses.of_accounts(timezone.now()) if one.account.pk == account.pk],
    }
    return render(request, "cache/quota.html", context)


@require_POST
@operator
def suspend(request: HtmxRequest, pk: int) -> HttpResponse:
    """Hold every invalidation of a distribution."""
    distribution, form = _distribution(pk), SuspensionForm(request.POST)
    if not form.is_valid():
        return _page(request, distribution, form)
    wish = form.cleaned_data
    try:
        suspending.suspend(
            distribution, actor=pages.actor(request), reason=wish["reason"], until=wish["until"], now=timezone.now()
        )
    except AskingError as error:
        form.add_error(None, str(error))
        return _page(request, distribution, form)
    messages.success(request, f"Suspended: invalidations of {distribution} are held until it is resumed.")
    return redirect("distribution", pk=pk)


@require_POST
@operator
def lift(request: HtmxRequest, pk: int) -> HttpResponse:
    """Let go of what a suspension holds."""
    suspension = get_object_or_404(Suspension.objects.select_related("distribution"), pk=pk)
    suspending.lift(suspension, actor=pages.actor(request), now=timezone.now())
    messages.success(request, "Resumed: what was held goes on.")
    return redirect("distribution", pk=suspension.distribution_id)


@require_POST
@operator
def replace(request: HtmxRequest, pk: int) -> HttpResponse:
    """Invalidate one wildcard instead of everything a paused source asked for."""
    suspension = get_object_or_404(Suspension.objects.select_related("distribution"), pk=pk)
    form = ReplaceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Name the wildcard, and say why.")
        return redirect("distribution", pk=suspension.distribution_id)
    try:
        made = breaking.replace(
            suspension,
            form.cleaned_data["wildcard"],
            actor=pages.actor(request),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            may_invalidate_everything=request.user.has_perm("access.admin"),
        )
    except AskingError as error:
        messages.error(request, str(error))
        return redirect("distribution", pk=suspension.distribution_id)
    return redirect("invalidation", identity=made.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def flush(request: HtmxRequest, pk: int, hop_id: int) -> HttpResponse:
    """Empty the cache of one API Gateway stage, an action of its own with a confirmation of its own."""
    distribution = _distribution(pk)
    hop = next((one for one in flushing.cached_stages(distribution) if one.pk == hop_id), None)
    hop = hop or get_object_or_404(Hop.objects.none())
    form = FlushForm(request.POST if request.method == "POST" else None, hop=hop, stage=flushing.stage_of(hop))
    if request.method == "POST" and form.is_valid():
        try:
            flushing.ask(hop, actor=pages.actor(request), reason=form.cleaned_data["reason"], now=timezone.now())
        except AskingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The cache of {hop.name} is being emptied.")
            return redirect("distribution", pk=pk)
    context = {"form": form, "distribution": distribution, "hop": hop, "needs": flushing.needs(hop)}
    return render(request, "cache/flush.html", context)


def _distribution(pk: int) -> Distribution:
    return get_object_or_404(Distribution.objects.select_related("account"), pk=pk)
