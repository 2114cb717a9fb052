"""Django's name for this noun."""

from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    """The `discovery` app."""

    name = "edgeops.discovery"
    label = "discovery"
