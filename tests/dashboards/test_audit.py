import html
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from edgeops.access.audit import Actor, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


def write(count, now, *, actor="otto", action="alarm.edited", kind="user", **more):
    for index in range(count):
        record(
            Actor(kind, actor, "192.0.2.7"),
            action,
            subject=("alarm", index),
            summary=f"{actor} did {index}",
            now=now + timedelta(minutes=index),
            **more,
        )


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get("/audit/")["Location"].startswith("/accounts/login/")


def test_the_log_cannot_be_written_from_outside(signed_in):
    assert signed_in.post("/audit/").status_code == 405


def test_an_empty_log_says_what_will_stand_there(signed_in):
    assert "Nobody has done anything yet" in signed_in.get("/audit/").text


def test_who_what_why_and_from_where_stand_in_a_row(signed_in, now):
    write(1, now, reason="The price was wrong")
    page = signed_in.get("/audit/").text

    for words in ("otto did 0", "alarm.edited", "The price was wrong", "192.0.2.7", 'href="/alarms/0/"'):
        assert words in page


def test_the_newest_is_first_and_a_page_holds_a_hundred(signed_in, now):
    write(130, now)
    first = signed_in.get("/audit/").text
    second = signed_in.get("/audit/" + html.unescape(re.search(r'href="([^"]*)">Older<', first)[1])).text

    assert first.index("otto did 129<") < first.index("otto did 128<")
    assert "otto did 29<" not in first
    assert "otto did 29<" in second
    assert "Older" not in second
    assert 'href="?">Newest</a>' in second


def test_beyond_the_oldest_there_is_nothing_but_the_way_back(signed_in, now):
    write(3, now)
    page = signed_in.get(f"/audit/?before={quote(f'{now.isoformat()}~0')}").text
    assert "Nothing is older" in page
    assert "Newest" in page


def test_it_is_narrowed_by_who_and_by_what(signed_in, now):
    write(1, now)
    write(1, now, actor="product data", kind="webhook", action="invalidation.requested")

    assert "product data did" not in signed_in.get("/audit/?actor=otto").text
    assert "otto did" not in signed_in.get("/audit/?q=invalidation").text
    assert "Nothing matches" in signed_in.get("/audit/?q=nobody-wrote-this").text


def test_text_is_shown_as_text(signed_in, now):
    write(1, now, reason="<script>alert(1)</script>")
    page = signed_in.get("/audit/?q=%3Cscript%3E").text

    assert "<script>alert" not in page


def test_the_number_of_queries_does_not_grow_with_the_rows(signed_in, now, django_assert_max_num_queries):
    write(60, now)
    with django_assert_max_num_queries(8):
        signed_in.get("/audit/")
