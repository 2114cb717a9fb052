import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.invalidations import items
from edgeops.invalidations.items import ItemError
from edgeops.invalidations.models import ItemKind

# What CloudFront takes: a leading slash, RFC 1738 safe ASCII, no tilde, a star only at the end.
ACCEPTED = re.compile(r"/[\x21\x24-\x29\x2b-\x3b\x3d\x3f-\x5a_a-z%]*\*?")


@pytest.mark.parametrize(
    ("raw", "sent", "kind"),
    [
        ("/", "/", ItemKind.PATH),
        ("/products/1", "/products/1", ItemKind.PATH),
        ("  /products/1\r", "/products/1", ItemKind.PATH),
        ("/products/*", "/products/*", ItemKind.WILDCARD),
        ("/*", "/*", ItemKind.WILDCARD),
        ("/products?*", "/products?*", ItemKind.WILDCARD),
        ("/products?page=2&sort=a", "/products?page=2&sort=a", ItemKind.PATH),
        ("/?", "/?", ItemKind.PATH),
        ("/a+b", "/a+b", ItemKind.PATH),
        ("/a%20b", "/a%20b", ItemKind.PATH),
        ("/a%2520b", "/a%2520b", ItemKind.PATH),
        ("/A", "/A", ItemKind.PATH),
        ("/it's", "/it's", ItemKind.PATH),
        ('/"<>{}|^`[]', "/%22%3C%3E%7B%7D%7C%5E%60%5B%5D", ItemKind.PATH),
        ("//a", "//a", ItemKind.PATH),
    ],
)
def test_a_good_item_is_sent_as_cloudfront_takes_it(raw, sent, kind):
    item = items.parse(raw)
    assert (item.sent_form, item.kind) == (sent, kind)


@pytest.mark.parametrize(
    ("raw", "problem", "suggestion"),
    [
        ("a", "starts with a slash", "/a"),
        ("/a/*/b", "last character only", "/a/*"),
        ("**", "starts with a slash", "/*"),
        ("/a**", "last character only", "/a*"),
        ("/a%2a", "written as itself", "/a*"),
        ("/%2A", "written as itself", "/*"),
        ("/a%2A/b", "written as itself", "/a*"),
        ("/a b", "percent-encoded", "/a%20b"),
        ("/é", "percent-encoded", "/%C3%A9"),
        ("/e\u0301", "percent-encoded", "/e%CC%81"),
        ("/a/~x", "`~`", "/a/*"),
        ("/a/%7Ex", "`~`", "/a/*"),
        ("/~x", "empties everything", ""),
        ("/%", "hexadecimal", "/%25"),
        ("/%zz", "hexadecimal", "/%25zz"),
        ("/a\\b", "backslash", "/a/b"),
        ("/a#top", "fragment", "/a"),
        ("/a/../b", "..", ""),
        ("/a/%2e%2E/b", "..", ""),
        ("/./a", "`.`", ""),
        ("/a\x00b", "control", "/ab"),
        ("/a\ud800", "control", "/a"),
        ("#product:1", "tags", ""),
        ("https://products.example.test/a?b=1", "without scheme", "/a?b=1"),
        ("http://[", "without scheme", ""),
        ("x y~", "starts with a slash", "/x%20y*"),
        ("", "empty", ""),
    ],
)
def test_a_bad_item_is_refused_with_a_form_that_works(raw, problem, suggestion):
    with pytest.raises(ItemError, match=re.escape(problem)) as refused:
        items.parse(raw)
    assert refused.value.suggestion == suggestion


def test_the_length_counts_after_encoding():
    assert items.parse("/" + "a" * 3_999).sent_form
    with pytest.raises(ItemError, match="4,001"):
        items.parse("/" + "a" * 4_000)
    with pytest.raises(ItemError, match="4,002"):
        items.parse("/" + "a" * 3_998 + '"')


def test_what_normalising_changed_is_said():
    assert items.parse("/a|b").notes == "percent-encoded as CloudFront requires"
    assert "another object" in items.parse("//a").notes
    assert items.parse("/a").notes == ""


def test_all_errors_of_a_list_are_named_at_once_and_doubles_kept_once():
    parsed = items.parse_many(["/b", "", "a", "/a", "/b ", "/x y"])
    assert parsed.sent_forms == ["/a", "/b"]
    assert [error.raw for error in parsed.errors] == ["a", "/x y"]
    assert not parsed.is_good


def test_an_empty_list_is_refused():
    assert items.parse_many(["", "  "]).problems == ("Name at least one path.",)


def test_a_list_may_hold_three_thousand_items_and_fifteen_wildcards():
    assert items.parse_many(f"/{n}" for n in range(3_000)).is_good
    assert "3,001 paths" in items.parse_many(f"/{n}" for n in range(3_001)).problems[0]
    assert items.parse_many(f"/{n}/*" for n in range(15)).is_good
    assert "16 wildcards" in items.parse_many(f"/{n}/*" for n in range(16)).problems[0]


ANYTHING = st.text(max_size=60) | st.text(alphabet="/a*~% ?#.\\é<", max_size=20).map(lambda rest: "/" + rest)


def read(raw):
    try:
        return items.parse(raw), None
    except ItemError as error:
        return None, error


@given(ANYTHING)
def test_what_is_sent_is_accepted_by_cloudfront_and_stays_as_it_is(raw):
    item, _ = read(raw)
    if item:
        assert ACCEPTED.fullmatch(item.sent_form)
        assert items.parse(item.sent_form).sent_form == item.sent_form


@given(ANYTHING)
def test_a_suggestion_is_never_refused_in_its_turn(raw):
    _, error = read(raw)
    if error and error.suggestion:
        assert items.parse(error.suggestion).sent_form == error.suggestion
