"""Django's name for this noun."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The `webhooks` app."""

    name = "edgeops.webhooks"
    label = "webhooks"
