import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.invalidations import items, site
from edgeops.invalidations.items import ItemError
from edgeops.invalidations.models import ItemKind
from edgeops.invalidations.site import Site

PRODUCTS = Site(
    name="products",
    hosts=site.hosts("d1.cloudfront.net", ["products.example.test", "*.shop.test"]),
    tag_header="Cache-Tag",
    elsewhere={"orders.example.test": "the distribution orders"},
)
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
        ("/?*", "/?*", ItemKind.WILDCARD),
        ("/products?page=2&sort=a", "/products?page=2&sort=a", ItemKind.PATH),
        ("/?", "/?", ItemKind.PATH),
        ("/a b", "/a%20b", ItemKind.PATH),
        ("/a+b", "/a+b", ItemKind.PATH),
        ("/a%20b", "/a%20b", ItemKind.PATH),
        ("/a%2520b", "/a%2520b", ItemKind.PATH),
        ("/a%c3%A9", "/a%c3%A9", ItemKind.PATH),
        ("/A", "/A", ItemKind.PATH),
        ("/it's", "/it's", ItemKind.PATH),
        ('/"<>{}|^`[]', "/%22%3C%3E%7B%7D%7C%5E%60%5B%5D", ItemKind.PATH),
        ("//a", "//a", ItemKind.PATH),
        ("/\u00e9", "/%C3%A9", ItemKind.PATH),
        ("/e\u0301", "/e%CC%81", ItemKind.PATH),
        ("/a?name=\u00e9", "/a?name=%C3%A9", ItemKind.PATH),
        ("https://products.example.test/a?b=1", "/a?b=1", ItemKind.PATH),
        ("HTTP://Products.Example.Test.:80", "/", ItemKind.PATH),
        ("https://d1.cloudfront.net/a/*", "/a/*", ItemKind.WILDCARD),
        ("https://eu.shop.test/a", "/a", ItemKind.PATH),
        ("#product:7", "#product:7", ItemKind.TAG),
        ("#Product:7", "#product:7", ItemKind.TAG),
        ("#" + "t" * 256, "#" + "t" * 256, ItemKind.TAG),
    ],
)
def test_a_good_item_is_sent_as_cloudfront_takes_it(raw, sent, kind):
    item = items.parse(raw, PRODUCTS)
    assert (item.sent_form, item.kind, items.kind_of(sent)) == (sent, kind, kind)


@pytest.mark.parametrize(
    ("raw", "problem", "suggestion"),
    [
        ("a", "starts with a slash", "/a"),
        ("/a/*/b", "last character only", "/a/*"),
        ("**", "starts with a slash", ""),
        ("?", "starts with a slash", "/?"),
        ("?*", "starts with a slash", "/?*"),
        ("/a**", "last character only", "/a*"),
        ("/a%2a", "written as itself", "/a*"),
        ("/%2A", "written as itself", ""),
        ("/a%2A/b", "written as itself", "/a*"),
        ("/a/~x", "`~`", "/a/*"),
        ("/a/%7Ex", "`~`", "/a/*"),
        ("/~x", "empties everything", ""),
        ("/%", "hexadecimal", "/%25"),
        ("/%zz", "hexadecimal", "/%25zz"),
        ("/a\\b", "backslash", "/a/b"),
        ("/a#top", "fragment", "/a"),
        ("https://products.example.test/a#top", "fragment", "/a"),
        ("/a/../b", "..", ""),
        ("/a/%2e%2E/b", "..", ""),
        ("/./a", "`.`", ""),
        ("/a\x00b", "control", "/ab"),
        ("/a\ud800", "control", "/a"),
        ("https://orders.example.test/a", "a name of the distribution orders", ""),
        ("https://elsewhere.test/a", "not a name of products", ""),
        ("https://products.example.test:8443/a", "not a name of products", ""),
        ("https://me@products.example.test/a", "not a name of products", ""),
        ("https://a.b.shop.test/", "not a name of products", ""),
        ("https://products.example.test:99999/a", "not a name of products", ""),
        ("http://[", "not a URL", ""),
        ("#", "has a name", ""),
        ("#a,b", "one tag a line", "#a"),
        ("#product 7", "no spaces", "#product7"),
        ("#pr\u00f6duct", "only ASCII", "#prduct"),
        ("#product:*", "no wildcard", ""),
        ("#" + "t" * 257, "257 characters", ""),
        ("x y~", "starts with a slash", "/x%20y*"),
        ("", "empty", ""),
    ],
)
def test_a_bad_item_is_refused_with_a_form_that_works(raw, problem, suggestion):
    with pytest.raises(ItemError, match=re.escape(problem)) as refused:
        items.parse(raw, PRODUCTS)
    assert (refused.value.raw, refused.value.suggestion) == (raw.strip(), suggestion)


def test_a_url_is_no_path_where_the_distribution_is_not_known():
    with pytest.raises(ItemError, match="without scheme and host") as refused:
        items.parse("https://products.example.test/a?b=1")
    assert refused.value.suggestion == "/a?b=1"


@pytest.mark.parametrize(
    ("tag_header", "problem"), [("", "no cache-tag header (CacheTagConfig)"), (None, "does not know yet")]
)
def test_a_tag_is_refused_where_cloudfront_would_take_it_and_match_nothing(tag_header, problem):
    with pytest.raises(ItemError, match=re.escape(problem)):
        items.parse("#product:7", Site(name="products", tag_header=tag_header))


def test_the_length_counts_after_encoding():
    assert items.parse("/" + "a" * 3_999).sent_form
    assert len(items.parse("/" + "a" * 3_996 + '"').sent_form) == 4_000
    with pytest.raises(ItemError, match="4,001"):
        items.parse("/" + "a" * 4_000)
    with pytest.raises(ItemError, match="4,002"):
        items.parse("/" + "a" * 3_998 + '"')
    with pytest.raises(ItemError, match="12,001"):
        items.parse("/" + "\u00e9" * 2_000)


def test_a_url_is_as_long_as_its_path():
    url = "https://products.example.test/" + "a" * 3_999
    assert len(items.parse(url, PRODUCTS).sent_form) == 4_000
    with pytest.raises(ItemError, match="4,001"):
        items.parse(url + "a", PRODUCTS)


def test_composed_and_combining_characters_name_two_objects():
    parsed = items.parse_many(["/\u00e9", "/e\u0301", "/%C3%A9"])
    assert parsed.sent_forms == ["/%C3%A9", "/e%CC%81"]
    composed, combining = (item.notes for item in parsed.items)
    assert composed == "percent-encoded as CloudFront requires"
    assert combining.endswith("which name another object than the composed ones")


@pytest.mark.parametrize(
    ("raw", "note"),
    [
        ("/a|b", "percent-encoded as CloudFront requires"),
        ("/e\u0301", "combining characters"),
        ("/a%2520b", "encoded twice"),
        ("//a", "another object"),
        ("https://products.example.test/a", "scheme and host left out"),
        ("#Product", "lower case"),
    ],
)
def test_what_normalising_changed_is_said(raw, note):
    assert note in items.parse(raw, PRODUCTS).notes


def test_what_needs_no_change_has_no_note():
    assert items.parse("/a?b=%20").notes == items.parse("#product", PRODUCTS).notes == ""


def test_all_errors_of_a_list_are_named_at_once_and_doubles_kept_once():
    parsed = items.parse_many(["/b", "", "a", "/a", "/b ", "/x*y", "/\u00e9", "/%C3%A9"])
    assert parsed.sent_forms == ["/%C3%A9", "/a", "/b"]
    assert [error.raw for error in parsed.errors] == ["a", "/x*y"]
    assert not parsed.is_good


def test_paths_know_upper_case_and_tags_do_not():
    assert items.parse_many(["/A", "/a", "#T", "#t"], PRODUCTS).sent_forms == ["#t", "/A", "/a"]


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
