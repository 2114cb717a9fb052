"""The estate as YAML: handed over, and taken back after what it would change was shown and confirmed."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from dashboards import navigation, pages
from dashboards.forms.estate import EstateForm
from dashboards.permissions import admin, viewer
from edgeops.access.models import Audit
from edgeops.discovery import adopting
from edgeops.discovery.adopting import Preview
from edgeops.estate import snapshot, yaml_text
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import Account, EdgeApi
from edgeops.estate.plain import DocumentError
from edgeops.estate.yaml_text import TextError

SHOWN = 20
SALT = "edgeops.estate"
STALE = "This confirmation cannot be read any more, so nothing was changed. Import the text again."


@dataclass(frozen=True)
class Latest:
    """A change of the estate, with the page of what it changed while there is one."""

    row: Audit
    href: str


@require_GET
@viewer
def page(request: HttpRequest) -> HttpResponse:
    """What the estate holds, how to take it out and in, and what was changed last."""
    return _page(request, EstateForm())


@require_GET
@viewer
def export(request: HttpRequest) -> HttpResponse:
    """The whole estate as a file; it holds no secret."""
    text = yaml_text.dump(snapshot.current())
    headers = {"Content-Disposition": 'attachment; filename="edgeops-estate.yaml"'}
    return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=headers)


@require_POST
@never_cache
@admin
def compare(request: HttpRequest) -> HttpResponse:
    """Show what a text would change, and change nothing."""
    return _preview(request, EstateForm(request.POST, request.FILES, known_accounts=_known_accounts()))


@require_POST
@never_cache
@admin
def apply(request: HttpRequest) -> HttpResponse:
    """Apply what was shown, exactly; when the estate is another by now, show what it would change now."""
    try:
        shown = signing.loads(request.POST.get("shown", ""), salt=SALT)
    except signing.BadSignature:
        messages.error(request, STALE)
        return redirect("estate")
    again = EstateForm(
        {"text": shown["text"], "remove_missing": shown["remove_missing"]}, known_accounts=_known_accounts()
    )
    try:
        done = adopting.adopt(
            yaml_text.load(shown["text"], known_accounts=_known_accounts()),
            actor=pages.actor(request),
            now=timezone.now(),
            remove_missing=shown["remove_missing"],
            compared_with=shown["fingerprint"],
        )
    except (EstateError, DocumentError, TextError) as error:
        return _preview(request, again, problem=str(error))
    messages.success(
        request, f"The estate was changed: {len(done)} change{'s' if len(done) > 1 else ''}, listed below."
    )
    return redirect("estate")


def _preview(request: HttpRequest, form: EstateForm, *, problem: str = "") -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, problem=problem)
    remove_missing = form.cleaned_data["remove_missing"]
    try:
        preview = adopting.preview(form.wanted, remove_missing=remove_missing)
    except (EstateError, DocumentError) as error:
        form.refuse(str(error))
        return _page(request, form, problem=problem)
    context = {
        "form": form,
        "problem": problem,
        "differences": preview.differences,
        "remove_missing": remove_missing,
        "shown": _shown(form, preview, remove_missing=remove_missing),
    }
    return render(request, "estate/preview.html", context)


def _shown(form: EstateForm, preview: Preview, *, remove_missing: bool) -> str:
    """Everything a confirmation needs, as it was shown: signed, so that nothing else is ever applied by it."""
    shown = {"text": form.content, "remove_missing": remove_missing, "fingerprint": preview.fingerprint}
    return signing.dumps(shown, salt=SALT, compress=True)


def _page(request: HttpRequest, form: EstateForm, **context: Any) -> HttpResponse:
    context |= {
        "form": form,
        "accounts": Account.objects.count(),
        "apis": EdgeApi.objects.count(),
        "latest": _latest(),
    }
    return render(request, "estate/estate.html", context)


def _latest() -> list[Latest]:
    rows = list(Audit.objects.filter(subject_kind__in=["account", "api"]).order_by("-at", "-id")[:SHOWN])
    there = {("account", name) for name in Account.objects.values_list("name", flat=True)}
    there |= {("api", slug) for slug in EdgeApi.objects.values_list("slug", flat=True)}
    return [
        Latest(row, navigation.address(*subject) if subject in there else "")
        for row in rows
        for subject in [(row.subject_kind, row.subject_id)]
    ]


def _known_accounts() -> list[str]:
    return list(Account.objects.values_list("name", flat=True))
