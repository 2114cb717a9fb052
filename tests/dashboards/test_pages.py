import pytest
from django.test import RequestFactory

from dashboards import pages


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "", "10.0.0.1"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "nonsense", None),
        (1, "203.0.113.9'; --", None),
    ],
)
def test_an_address_is_believed_from_trusted_proxies_only(settings, proxies, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")

    assert pages.client_address(request) == address


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/alarms/", "/cache/", "/nothing-here/"])
@pytest.mark.parametrize("is_production", [False, True])
def test_a_page_says_that_its_data_is_simulated_where_it_is(client, vera, settings, url, is_production):
    settings.IS_PRODUCTION = is_production
    client.force_login(vera)
    assert ("Simulated data" in client.get(url).text) is not is_production


@pytest.mark.django_db
def test_the_sign_in_page_says_so_too(client):
    assert "Simulated data" in client.get("/accounts/login/").text
