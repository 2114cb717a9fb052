"""The addresses of pages; the contract others rely on."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
