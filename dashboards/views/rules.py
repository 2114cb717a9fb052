"""A webhook rule: its versions for everybody; for admins the editor, which tries it on an event before it is saved."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboards import pages, samples
from dashboards.forms import rules as forms
from dashboards.forms.rules import EventForm, RuleForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin, viewer
from edgeops.invalidations import items, previewing, sites
from edgeops.invalidations.models import Place
from edgeops.webhooks import definitions, rules, trying
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.models import Endpoint, Rule, RuleVersion
from edgeops.webhooks.rules import NewRule

VERSIONS_SHOWN = 50


@require_GET
@viewer
def detail(request: HtmxRequest, pk: int) -> HttpResponse:
    """A rule as it is, and each version somebody saved."""
    rule = _rule(pk)
    versions = rule.versions.order_by("-number")[:VERSIONS_SHOWN]
    context = {
        "rule": rule,
        "definition": definitions.describe(rules.definition_of(rule)),
        "versions": [(one, json.dumps(one.definition, indent=2)) for one in versions],
    }
    return render(request, "cache/rule.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def new(request: HtmxRequest, pk: int) -> HttpResponse:
    """A rule more on an endpoint."""
    endpoint = get_object_or_404(Endpoint.objects.existing().select_related("distribution__account"), pk=pk)
    return _editor(request, endpoint, None)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def edit(request: HtmxRequest, pk: int) -> HttpResponse:
    """Another version of a rule; `?version=3` starts from an earlier one."""
    rule = _rule(pk)
    return _editor(request, rule.endpoint, rule)


def _editor(request: HtmxRequest, endpoint: Endpoint, rule: Rule | None) -> HttpResponse:
    """Posted with `try` it shows what the rule would do with the event; posted without, it saves."""
    data = request.POST if request.method == "POST" else None
    form = RuleForm(data, is_new=rule is None, initial=_initial(request, rule))
    event = EventForm(data, endpoint_id=endpoint.pk, initial=_event(request, endpoint, rule))
    context: dict[str, Any] = {"form": form, "event": event, "endpoint": endpoint, "rule": rule}
    if data is not None and "try" in data:
        context |= _tried(endpoint, form, event)
    elif data is not None and form.is_valid() and _is_saved(request, form, endpoint, rule):
        return redirect("webhook", pk=endpoint.pk)
    return render(request, "cache/edit_rule.html", context)


def _tried(endpoint: Endpoint, form: RuleForm, event: EventForm) -> dict[str, Any]:
    """What the rule makes of the event; nothing where one of them cannot be read, which then is said beside it."""
    form.full_clean()
    event.full_clean()
    if event.document is None and not event.errors:
        event.add_error("body", "Choose a delivery, or paste a body.")
    if form.definition is None or event.document is None:
        return {}
    trial = trying.try_rule(form.definition, event.document)
    return {"trial": trial, "preview": _cost(endpoint.place, trial.items, form.definition.ceiling)}


def _is_saved(request: HtmxRequest, form: RuleForm, endpoint: Endpoint, rule: Rule | None) -> bool:
    definition, actor, now = form.definition, pages.actor(request), timezone.now()
    assert definition is not None  # noqa: S101 (a valid form has made it)
    try:
        if rule is None:
            rule = rules.add(endpoint, NewRule(form.cleaned_data["name"], definition), actor=actor, now=now)
            number = 1
        else:
            number = rules.save(rule, definition, actor=actor, now=now).number
    except DefinitionError as error:
        form.add_problem(error)
        return False
    messages.success(request, f"Saved: {rule.name} is at version {number}.")
    return True


def _initial(request: HtmxRequest, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    number = request.GET.get("version", "")
    known: RuleVersion | None = None
    if number.isascii() and number.isdigit() and len(number) < 9:
        known = rule.versions.filter(number=int(number)).first()
    held = Definition.of(known.definition) if known is not None else rules.definition_of(rule)
    return definitions.describe(held)


def _event(request: HtmxRequest, endpoint: Endpoint, rule: Rule | None) -> dict[str, Any]:
    sample = samples.of(endpoint, rule, now=timezone.now())
    topic = {"github": f"x-github-event: {sample.topic}", "shopify": f"x-shopify-topic: {sample.topic}"}
    lines = [topic.get(endpoint.scheme, ""), *(f"{name}: {value}" for name, value in sample.headers.items())]
    return {
        "delivery": request.GET.get("delivery", ""),
        "headers": "\n".join(line for line in lines if line),
        "body": forms.sample(sample.event),
    }


def _cost(place: Place, found: tuple[str, ...], ceiling: str) -> previewing.Preview | None:
    """What sending the items would cost and wait; None when they could not be sent."""
    parsed = items.parse_many(found, sites.of(place))
    if not found or not parsed.is_good:
        return None
    return previewing.preview(place, parsed, is_admin=False, now=timezone.now(), ceiling=ceiling)


@require_POST
@admin
def switch(request: HtmxRequest, pk: int) -> HttpResponse:
    """Let a rule run or not, as the form's `enabled` says."""
    rule = _rule(pk)
    is_enabled = request.POST.get("enabled") == "yes"
    rules.set_enabled(rule, is_enabled=is_enabled, actor=pages.actor(request), now=timezone.now())
    return redirect("webhook", pk=rule.endpoint_id)


@require_POST
@admin
def delete(request: HtmxRequest, pk: int) -> HttpResponse:
    """Take a rule off its endpoint; its versions stay."""
    rule = _rule(pk)
    rules.delete(rule, actor=pages.actor(request), now=timezone.now())
    messages.success(request, f"Deleted: {rule.name} runs no more.")
    return redirect("webhook", pk=rule.endpoint_id)


def _rule(pk: int) -> Rule:
    existing = Rule.objects.existing().filter(endpoint__deleted_at=None)
    return get_object_or_404(existing.select_related("current", "endpoint__distribution__account"), pk=pk)
