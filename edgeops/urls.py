"""The map of addresses: sign-in, and the face."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("dashboards.sign_in_urls")),
    path("", include("dashboards.urls")),
]
handler400 = "dashboards.views.errors.bad_request"
handler403 = "dashboards.views.errors.permission_denied"
handler404 = "dashboards.views.errors.page_not_found"
handler500 = "dashboards.views.errors.server_error"
