"""Django's name for this noun."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The `access` app."""

    name = "edgeops.access"
    label = "access"
