"""Django's name for this noun."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The `notifications` app."""

    name = "edgeops.notifications"
    label = "notifications"
