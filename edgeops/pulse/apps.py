"""Django's name for this noun."""

from django.apps import AppConfig


class PulseConfig(AppConfig):
    """The `pulse` app."""

    name = "edgeops.pulse"
    label = "pulse"
