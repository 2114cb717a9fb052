"""Django's name for this noun."""

from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    """The `alarms` app."""

    name = "edgeops.alarms"
    label = "alarms"
