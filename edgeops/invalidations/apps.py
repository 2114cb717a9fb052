"""Django's name for this noun."""

from django.apps import AppConfig


class InvalidationsConfig(AppConfig):
    """The `invalidations` app."""

    name = "edgeops.invalidations"
    label = "invalidations"
