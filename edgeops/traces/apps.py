"""Django's name for this noun."""

from django.apps import AppConfig


class TracesConfig(AppConfig):
    """The `traces` app."""

    name = "edgeops.traces"
    label = "traces"
