import socket

import pytest

from edgeops.demo import ports


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_its_default_until_its_variable_moves_it():
    assert ports.read(ports.WEB, {}) == 8000
    assert ports.read(ports.WEB, {"EDGEOPS_PORT": "18000"}) == 18000


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 80", "²"])
def test_what_is_no_port_is_refused_naming_its_variable(text):
    with pytest.raises(ports.PortError, match="EDGEOPS_PORT is"):
        ports.read(ports.WEB, {"EDGEOPS_PORT": text})


def test_a_port_in_use_is_refused_naming_it_and_what_changes_it(taken):
    with pytest.raises(ports.PortError) as refusal:
        ports.refuse_taken({ports.EDGE: taken})

    assert str(taken) in str(refusal.value)
    assert "EDGEOPS_EDGE_PORT=" in str(refusal.value)


def test_one_port_for_two_parts_is_refused_naming_both():
    free = ports.any_free()
    with pytest.raises(ports.PortError, match=r"EDGEOPS_PORT.*EDGEOPS_SMTP_PORT"):
        ports.refuse_taken({ports.WEB: free, ports.SMTP: free})


def test_free_ports_pass():
    ports.refuse_taken({ports.WEB: ports.any_free(), ports.EDGE: ports.any_free()})
