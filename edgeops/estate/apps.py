"""Django's name for this noun."""

from django.apps import AppConfig


class EstateConfig(AppConfig):
    """The `estate` app."""

    name = "edgeops.estate"
    label = "estate"
