"""Django's name for this noun."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class KeyringConfig(AppConfig):
    """The `keyring` app; it has no tables, only a check and a command."""

    name = "edgeops.keyring"
    label = "keyring"

    def ready(self) -> None:
        """Have `migrate`, with which every deployment begins, look whether the keys fit."""
        from edgeops.keyring import checks  # noqa: PLC0415 (it reads models, which are only there now)

        register(checks.keys_fit, Tags.database)
