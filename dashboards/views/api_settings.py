"""What an operated API is called and how its edge is probed; and forgetting it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboards import pages
from dashboards.forms.add_api import ApiForm, held
from dashboards.forms.removing import RemoveForm
from dashboards.pages import HtmxRequest
from dashboards.permissions import admin
from edgeops.discovery import adopting
from edgeops.estate import plain, snapshot
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import EdgeApi
from edgeops.estate.plain import DocumentError


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def edit(request: HtmxRequest, slug: str) -> HttpResponse:
    """Change an API's own fields; its address and its path stay."""
    api = get_object_or_404(EdgeApi.objects.select_related("account", "distribution"), slug=slug)
    doc = snapshot.api_doc(api)
    form = ApiForm(request.POST if request.method == "POST" else None, initial=held(doc), keeps_slug=True)
    if request.method == "POST" and form.is_valid():
        try:
            adopting.adopt_api(
                form.applied(doc),
                actor=pages.actor(request),
                now=timezone.now(),
                compared_with=plain.fingerprint(doc),
            )
        except (EstateError, DocumentError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("api", slug=slug)
    others = api.distribution.apis.exclude(pk=api.pk)
    return render(request, "apis/edit.html", {"form": form, "api": api, "others": others})


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def remove(request: HtmxRequest, slug: str) -> HttpResponse:
    """Forget an API with its history, unless an alarm watches it; its name is typed to confirm."""
    api = get_object_or_404(EdgeApi.objects.select_related("account", "distribution"), slug=slug)
    form = RemoveForm(request.POST if request.method == "POST" else None, kind="API", name=api.name)
    problem, gone = "", None
    try:
        gone = adopting.removal(api)
        if request.method == "POST" and form.is_valid():
            adopting.remove_api(api, actor=pages.actor(request), now=timezone.now())
            messages.success(request, f"{api.name} is removed from EdgeOps. In AWS nothing has changed.")
            return redirect("overview")
    except EstateError as error:
        problem = str(error)
    return render(request, "apis/remove.html", {"form": form, "api": api, "gone": gone, "problem": problem})
