"""Django's name for this noun."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """The `metrics` app."""

    name = "edgeops.metrics"
    label = "metrics"
