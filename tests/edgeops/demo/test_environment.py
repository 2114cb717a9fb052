import os

import pytest

from edgeops.demo import environment
from edgeops.demo.keys import Keys

KEYS = Keys(secret_key="s" * 60, encryption_key="e" * 43 + "=", password="kept")


def children_of(given):
    return environment.for_children(environment.read(given), KEYS, "redis://127.0.0.1:7000/0", given)


def test_a_real_account_in_the_shell_does_not_reach_the_children():
    child = children_of(
        {
            "AWS_PROFILE": "production",
            "AWS_ACCESS_KEY_ID": "AKIAREAL",
            "AWS_SECRET_ACCESS_KEY": "real",
            "AWS_SESSION_TOKEN": "real",
            "AWS_CONFIG_FILE": "/home/me/.aws/config",
            "AWS_ROLE_ARN": "arn:aws:iam::210987654321:role/real",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        }
    )

    assert "real" not in " ".join(f"{name}={value}" for name, value in child.items()).lower()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} & set(child)
    assert child["AWS_CONFIG_FILE"] == child["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert child["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_an_endpoint_already_set_replaces_local_aws():
    given = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}
    options = environment.read(given)

    assert not options.has_local_aws
    assert 4566 not in options.wanted_ports.values()
    assert children_of(given)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"


def test_every_child_is_told_the_ports_in_force():
    child = children_of({"EDGEOPS_PORT": "18000", "EDGEOPS_SMTP_PORT": "18025"})

    assert child["EDGEOPS_BASE_URL"] == "http://127.0.0.1:18000"
    assert child["EDGEOPS_EMAIL_URL"] == "smtp://127.0.0.1:18025"
    assert child["EDGEOPS_EDGE_PORT"] == "9000"


@pytest.mark.parametrize(("given", "password"), [({}, "kept"), ({"EDGEOPS_DEMO_PASSWORD": "mine"}, "mine")])
def test_a_password_from_outside_wins(given, password):
    assert children_of(given)["EDGEOPS_DEMO_PASSWORD"] == password


def test_loopback_never_goes_through_a_proxy():
    child = children_of({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet.test"})

    assert child["NO_PROXY"] == child["no_proxy"] == "intranet.test,127.0.0.1,localhost"
