"""The addresses of pages; the contract others rely on."""

from django.conf import settings
from django.urls import URLPattern, path

from dashboards.views import health, inbox, overview, traces

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("healthz/live", health.live, name="health_live"),
    path("healthz/ready", health.ready, name="health_ready"),
    path("apis/<slug:slug>/traces/", traces.listing, name="traces"),
    path("traces/<str:trace_id>/", traces.detail, name="trace"),
    path("traces/<str:trace_id>/fetch/", traces.fetch_again, name="trace_fetch"),
    path("traces/<str:trace_id>/document.json", traces.raw, name="trace_document"),
]
if settings.IS_DEMO or settings.EDGEOPS_MODE == "test":
    urlpatterns += [path("demo/inbox/", inbox.page, name="demo_inbox")]
