import pytest
from django.test import override_settings


@pytest.mark.django_db
def test_the_sign_in_page_lets_a_person_in(client, vera):
    response = client.post("/accounts/login/", {"login": "vera", "password": "correct horse battery"})

    assert response.status_code == 302
    assert response["Location"] == "/"


@pytest.mark.django_db
def test_a_wrong_password_is_said_on_the_page(client, vera):
    response = client.post("/accounts/login/", {"login": "vera", "password": "wrong"})

    assert response.status_code == 200
    assert "not correct" in response.text


@pytest.mark.django_db
def test_nobody_can_sign_up(client):
    assert "Accounts are made by an admin" in client.get("/accounts/signup/").text


@pytest.mark.django_db
def test_a_forgotten_password_goes_to_an_admin(client):
    assert "Ask an admin" in client.get("/accounts/password/reset/").text


@pytest.mark.django_db
def test_the_demo_names_its_people_and_not_their_password(client):
    with override_settings(IS_DEMO=True, DEMO_PASSWORD="hunter-two-hunter"):
        page = client.get("/accounts/login/").text

    assert "<code>operator</code>" in page
    assert "hunter-two-hunter" not in page


@pytest.mark.django_db
def test_signing_out_asks_before_it_does(client, vera):
    client.force_login(vera)

    assert "Sign out?" in client.get("/accounts/logout/").text
    assert client.get("/accounts/password/change/").status_code == 200


@pytest.mark.django_db
def test_every_page_forbids_inline_scripts(client):
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
