"""The addresses of pages; the contract others rely on."""

from django.conf import settings
from django.urls import URLPattern, path

from dashboards.views import (
    accounts,
    alarms,
    apis,
    audit,
    cache,
    channels,
    health,
    hooks,
    hop_metrics,
    inbox,
    overview,
    spending,
    traces,
    webhooks,
)
from dashboards.views import settings as settings_page

urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("apis/<slug:slug>/", apis.detail, name="api"),
    path("apis/<slug:slug>/path/<slug:key>/", apis.path_values, name="api_path_values"),
    path("apis/<slug:slug>/hops/<int:hop_id>/metrics/", hop_metrics.listing, name="hop_metrics"),
    path("apis/<slug:slug>/hops/<int:hop_id>/metrics/read/", hop_metrics.read, name="hop_metric_read"),
    path("apis/<slug:slug>/hops/<int:hop_id>/metrics/stop/", hop_metrics.stop, name="hop_metric_stop"),
    path("apis/<slug:slug>/hops/<int:hop_id>/<slug:key>/", apis.values, name="api_values"),
    path("apis/<slug:slug>/hops/<int:hop_id>/<slug:key>/chart.html", apis.export, name="api_chart"),
    path("alarms/", alarms.listing, name="alarms"),
    path("alarms/new/", alarms.create, name="alarm_new"),
    path("alarms/<int:pk>/", alarms.detail, name="alarm"),
    path("alarms/<int:pk>/edit/", alarms.edit, name="alarm_edit"),
    path("alarms/<int:pk>/switch/", alarms.switch, name="alarm_switch"),
    path("alarms/<int:pk>/delete/", alarms.delete, name="alarm_delete"),
    path("channels/", channels.listing, name="channels"),
    path("channels/new/", channels.create, name="channel_new"),
    path("channels/<int:pk>/edit/", channels.edit, name="channel_edit"),
    path("channels/<int:pk>/secret/", channels.renew_secret, name="channel_secret"),
    path("audit/", audit.audit, name="audit"),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/accounts/new/", accounts.create, name="aws_account_new"),
    path("settings/accounts/<slug:name>/", accounts.detail, name="aws_account"),
    path("settings/accounts/<slug:name>/edit/", accounts.edit, name="aws_account_edit"),
    path("settings/accounts/<slug:name>/access/", accounts.test_access, name="aws_account_test"),
    path("settings/accounts/<slug:name>/remove/", accounts.remove, name="aws_account_remove"),
    path("settings/spending/", spending.page, name="spending"),
    path("settings/spending/calls.csv", spending.calls, name="spending_calls"),
    path("settings/spending/apis.csv", spending.shares, name="spending_apis"),
    path("healthz/live", health.live, name="health_live"),
    path("healthz/ready", health.ready, name="health_ready"),
    path("apis/<slug:slug>/traces/", traces.listing, name="traces"),
    path("traces/<str:trace_id>/", traces.detail, name="trace"),
    path("traces/<str:trace_id>/fetch/", traces.fetch_again, name="trace_fetch"),
    path("traces/<str:trace_id>/document.json", traces.raw, name="trace_document"),
    path("cache/", cache.history, name="cache"),
    path("cache/invalidations/new/", cache.new, name="invalidation_new"),
    path("cache/invalidations/<uuid:identity>/", cache.detail, name="invalidation"),
    path("cache/invalidations/<uuid:identity>/cancel/", cache.cancel, name="invalidation_cancel"),
    path("cache/webhooks/", webhooks.listing, name="webhooks"),
    path("cache/webhooks/new/", webhooks.new, name="webhook_new"),
    path("cache/webhooks/<int:pk>/secret/", webhooks.rotate, name="webhook_rotate"),
    path("cache/webhooks/<int:pk>/switch/", webhooks.switch, name="webhook_switch"),
    path("hooks/v1/<str:key>", hooks.receive, name="hook"),
    path("hooks/v1/<str:key>/", hooks.receive),  # a redirect would turn the post into a GET
]
if settings.IS_DEMO or settings.EDGEOPS_MODE == "test":
    urlpatterns += [path("demo/inbox/", inbox.page, name="demo_inbox")]
