"""Django's name for this noun."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The `demo` app; it has no tables, only commands."""

    name = "edgeops.demo"
    label = "demo"
