import pytest
from cryptography.fernet import Fernet

from edgeops import secrets


def test_a_secret_comes_back_and_is_not_stored_in_clear():
    stored = secrets.encrypt("whsec_hidden")
    assert "hidden" not in stored
    assert secrets.decrypt(stored) == "whsec_hidden"


def test_a_rotated_key_still_reads_old_secrets_and_writes_with_the_new_one(settings):
    stored = secrets.encrypt("old")
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    assert secrets.decrypt(stored) == "old"

    settings.ENCRYPTION_KEYS = [new]
    assert secrets.decrypt(secrets.encrypt("fresh")) == "fresh"
    with pytest.raises(secrets.UnreadableSecretError, match="EDGEOPS_ENCRYPTION_KEYS"):
        secrets.decrypt(stored)
