import pytest
from django.test import Client

from edgeops.alarms.models import AlarmRule

LARGEST_FORM = 1024 * 1024


@pytest.mark.parametrize("url", ["/traces/a%00b/", "/alarms/new/?api=%00", "/audit/?%00=1", "/hooks/v1/%00", "/%00"])
def test_an_address_with_a_nul_is_refused_in_words(client, ada, url):
    client.force_login(ada)
    response = client.get(url)

    assert response.status_code == 400
    assert "could not be understood" in response.text


@pytest.mark.django_db
def test_a_cookie_with_a_nul_is_refused_before_a_session_is_looked_up(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/", headers={"Cookie": 'sessionid="abcdefghij\\000"'})

    assert response.status_code == 400


def test_a_form_without_its_token_is_refused_on_a_page_of_ours(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    response = client.post("/alarms/new/?api=products", {"name": "Forged"})

    assert response.status_code == 403
    assert "Nothing was changed" in response.text
    assert "<style" not in response.text
    assert "Content-Security-Policy" in response
    assert not AlarmRule.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"paths": "/products/1\n" * (LARGEST_FORM // 8)}, {f"field-{number}": "1" for number in range(1_100)}],
    ids=["too large", "too many fields"],
)
def test_a_form_too_large_is_refused_with_the_limit(client, otto, fields):
    client.force_login(otto)
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    response = client.post("/cache/invalidations/new/", body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 413
    assert "1,024 KiB" in response.text
