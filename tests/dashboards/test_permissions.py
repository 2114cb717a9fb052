"""Every address × every person × its methods, against the table below. A route without a row fails."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

OPEN, SIGNED_IN, VIEWER, OPERATOR, ADMIN = "open", "signed in", "viewer", "operator", "admin"
# route name → (who may, method). "Open" and "signed in" pages are listed in the contract: sign-in, health, webhooks in.
TABLE = {
    "account_login": (OPEN, "get"),
    "account_logout": (OPEN, "get"),
    "account_inactive": (OPEN, "get"),
    "account_signup": (OPEN, "get"),
    "account_reset_password": (OPEN, "get"),
    "account_change_password": (SIGNED_IN, "get"),
    "account_reauthenticate": (SIGNED_IN, "get"),
    "health_live": (OPEN, "get"),
    "health_ready": (OPEN, "get"),
    "hook": (OPEN, "post"),
    "overview": (VIEWER, "get"),
    "add_api": (OPERATOR, "get"),
    "add_api_terraform": (OPERATOR, "get"),
    "add_api_listing": (OPERATOR, "get"),
    "add_api_list": (OPERATOR, "post"),
    "add_api_pick": (OPERATOR, "post"),
    "add_api_path": (OPERATOR, "get"),
    "add_api_adopt": (ADMIN, "post"),
    "add_api_look_again": (OPERATOR, "post"),
    "path_change": (VIEWER, "get"),
    "path_change_apply": (ADMIN, "post"),
    "path_change_dismiss": (ADMIN, "post"),
    "path_look_again": (OPERATOR, "post"),
    "api": (VIEWER, "get"),
    "api_edit": (ADMIN, "get"),
    "api_remove": (ADMIN, "get"),
    "api_values": (VIEWER, "get"),
    "api_path_values": (VIEWER, "get"),
    "hop_metrics": (VIEWER, "get"),
    "hop_metric_read": (OPERATOR, "post"),
    "hop_metric_stop": (OPERATOR, "post"),
    "api_chart": (VIEWER, "get"),
    "traces": (VIEWER, "get"),
    "trace": (VIEWER, "get"),
    "trace_fetch": (VIEWER, "post"),
    "trace_document": (VIEWER, "get"),
    "alarms": (VIEWER, "get"),
    "alarm": (VIEWER, "get"),
    "alarm_new": (OPERATOR, "get"),
    "alarm_edit": (OPERATOR, "get"),
    "alarm_switch": (OPERATOR, "post"),
    "alarm_delete": (OPERATOR, "post"),
    "channels": (VIEWER, "get"),
    "channel_new": (ADMIN, "get"),
    "channel_edit": (ADMIN, "get"),
    "channel_secret": (ADMIN, "post"),
    "cache": (VIEWER, "get"),
    "cache_export": (VIEWER, "get"),
    "invalidation_new": (OPERATOR, "get"),
    "invalidation": (VIEWER, "get"),
    "invalidation_cancel": (OPERATOR, "post"),
    "invalidation_approve": (OPERATOR, "post"),
    "invalidation_reject": (OPERATOR, "post"),
    "invalidation_probe": (OPERATOR, "post"),
    "distribution": (VIEWER, "get"),
    "distribution_policy": (ADMIN, "get"),
    "distribution_suspend": (OPERATOR, "post"),
    "stage_flush": (OPERATOR, "get"),
    "suspension_lift": (OPERATOR, "post"),
    "suspension_replace": (OPERATOR, "post"),
    "quota": (ADMIN, "get"),
    "webhooks": (VIEWER, "get"),
    "webhook_new": (ADMIN, "get"),
    "webhook_rotate": (ADMIN, "post"),
    "webhook_switch": (ADMIN, "post"),
    "webhook": (VIEWER, "get"),
    "webhook_rule_new": (ADMIN, "get"),
    "webhook_rule": (VIEWER, "get"),
    "webhook_rule_edit": (ADMIN, "get"),
    "webhook_rule_switch": (ADMIN, "post"),
    "webhook_rule_delete": (ADMIN, "post"),
    "deliveries": (VIEWER, "get"),
    "delivery": (VIEWER, "get"),
    "deliveries_rehearse": (OPERATOR, "post"),
    "deliveries_redeliver": (OPERATOR, "post"),
    "webhook_edit": (ADMIN, "get"),
    "webhook_pause": (OPERATOR, "post"),
    "webhook_delete": (ADMIN, "get"),
    "audit": (VIEWER, "get"),
    "settings": (VIEWER, "get"),
    "estate": (VIEWER, "get"),
    "estate_export": (VIEWER, "get"),
    "estate_import": (ADMIN, "post"),
    "estate_apply": (ADMIN, "post"),
    "aws_account_new": (ADMIN, "get"),
    "aws_account": (VIEWER, "get"),
    "aws_account_edit": (ADMIN, "get"),
    "aws_account_test": (OPERATOR, "post"),
    "aws_account_remove": (ADMIN, "get"),
    "spending": (VIEWER, "get"),
    "spending_calls": (VIEWER, "get"),
    "spending_apis": (VIEWER, "get"),
    "demo_inbox": (VIEWER, "get"),
}
PEOPLE = {"stranger": None, "nils": None, "vera": VIEWER, "otto": OPERATOR, "ada": ADMIN}
RANK = {None: 0, VIEWER: 1, OPERATOR: 2, ADMIN: 3}
VALUES = {"slug": "none", "int": 999999, "uuid": uuid.UUID(int=7), "str": "none"}


def routes(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield pattern, prefix + str(pattern.pattern)


def address(route):
    """The route with an id of the right kind that names nothing: whoever may enter meets a 404, not a 403."""
    return "/" + re.sub(r"<(\w+):\w+>", lambda match: str(VALUES[match[1]]), route)


# The webhook's second spelling, with a slash, has no name; it is the same view.
ROUTES = {pattern.name: address(route) for pattern, route in routes() if pattern.name}


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(ROUTES) == set(TABLE)


def answer(url, method, person, request):
    client = Client(raise_request_exception=False)
    if person != "stranger":
        client.force_login(request.getfixturevalue(person))
    return getattr(client, method)(url)


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("name", TABLE)
def test_a_route_opens_for_its_people_only(name, person, request):
    who, method = TABLE[name]
    url = ROUTES[name]
    response = answer(url, method, person, request)
    to_login = response.status_code == 302 and "/accounts/login/" in response["Location"]
    if who == OPEN:
        assert response.status_code not in {403, 500}
    elif person == "stranger":
        assert to_login
    elif who == SIGNED_IN:
        assert response.status_code in {200, 302}
        assert not to_login
    elif RANK[PEOPLE[person]] >= RANK[who]:
        assert response.status_code not in {403, 500}
        assert not to_login
    else:
        assert response.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, (who, method) in TABLE.items() if method == "post" and who != OPEN])
def test_every_write_needs_its_token_against_forgery(name, ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(ROUTES[name]).status_code == 403


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/accounts/login/", "/nothing-here/", "/healthz/live"])
def test_every_answer_carries_the_security_headers(client, url):
    response = client.get(url)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {name: response[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("url", ["/", "/audit/", "/channels/", "/alarms/new/", "/nothing-here/"])
def test_no_shared_cache_may_keep_a_page_of_somebody(client, ada, url):
    client.force_login(ada)
    assert client.get(url)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("url", ["/cache/", "/channels/", "/audit/"])
def test_a_page_is_not_mistaken_for_its_live_part(client, ada, url):
    client.force_login(ada)
    assert "HX-Request" in client.get(url)["Vary"]
