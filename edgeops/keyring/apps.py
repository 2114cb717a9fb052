"""Django's name for this noun."""

from django.apps import AppConfig


class KeyringConfig(AppConfig):
    """The `keyring` app; it has no tables, only a command."""

    name = "edgeops.keyring"
    label = "keyring"
