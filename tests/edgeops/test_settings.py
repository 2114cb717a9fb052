"""Production refuses to boot unsafe; each refusal names its setting."""

import os
import subprocess
import sys

import pytest

SAFE = {
    "EDGEOPS_MODE": "production",
    "EDGEOPS_SECRET_KEY": "kq3v8Zr1x9Lm2Np5Tb7Wd4Yh6Jf0Gs8Ac1Ev3Iu5Oy7Qw9Rt2Zp4Xk6Mn",
    "EDGEOPS_ENCRYPTION_KEYS": "c29tZS0zMi1ieXRlcy1vZi1yYW5kb20tbG9va2luZyE=",
    "EDGEOPS_ALLOWED_HOSTS": "edgeops.example.com",
    "EDGEOPS_BASE_URL": "https://edgeops.example.com",
}


def boot(tmp_path, code="import edgeops.settings", **changes):
    environment = {"PATH": os.environ["PATH"], "EDGEOPS_STATE_DIR": str(tmp_path), **SAFE, **changes}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("url", "has_server"), [("", False), ("smtp+tls://u:p@mail.example.com:587", True)])
def test_production_knows_whether_it_can_mail(tmp_path, url, has_server):
    booted = boot(tmp_path, code="import edgeops.settings as s; print(s.HAS_MAIL_SERVER)", EDGEOPS_EMAIL_URL=url)
    assert booted.stdout.strip() == str(has_server), booted.stderr


def test_a_safe_production_boots(tmp_path):
    assert boot(tmp_path).returncode == 0


def test_the_state_directory_is_made_for_its_user_alone(tmp_path):
    state = tmp_path / "state"
    assert boot(state).returncode == 0
    assert state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("EDGEOPS_MODE", "staging"),
        ("EDGEOPS_DEBUG", "1"),
        ("EDGEOPS_SECRET_KEY", ""),
        ("EDGEOPS_SECRET_KEY", "tooshort"),
        ("EDGEOPS_SECRET_KEY", "a" * 60),
        ("EDGEOPS_SECRET_KEY", "django-insecure-" + SAFE["EDGEOPS_SECRET_KEY"]),
        ("EDGEOPS_ALLOWED_HOSTS", ""),
        ("EDGEOPS_ALLOWED_HOSTS", "*"),
        ("EDGEOPS_ALLOWED_HOSTS", "edgeops.example.com,*"),
        ("EDGEOPS_ENCRYPTION_KEYS", ""),
        ("EDGEOPS_ENCRYPTION_KEYS", "not-a-fernet-key"),
        ("EDGEOPS_BASE_URL", "http://edgeops.example.com"),
    ],
)
def test_an_unsafe_production_refuses_to_boot_and_names_the_setting(tmp_path, setting, value):
    booted = boot(tmp_path, **{setting: value})
    assert booted.returncode != 0
    assert setting in booted.stderr
