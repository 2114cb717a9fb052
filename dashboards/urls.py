"""The addresses of pages; the contract others rely on."""

from django.urls import URLPattern, path

from dashboards.views import health

urlpatterns: list[URLPattern] = [
    path("healthz/live", health.live, name="health_live"),
    path("healthz/ready", health.ready, name="health_ready"),
]
