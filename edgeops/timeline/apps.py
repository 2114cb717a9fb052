"""Django's name for this noun."""

from django.apps import AppConfig


class TimelineConfig(AppConfig):
    """The `timeline` app."""

    name = "edgeops.timeline"
    label = "timeline"
