import pytest

from edgeops.localaws import invalidation
from edgeops.localaws.wire.messages import AwsError


def batch(*paths, quantity=None, reference="ref"):
    items = list(paths)
    return {
        "Paths": {"Quantity": len(items) if quantity is None else quantity, "Items": items},
        "CallerReference": reference,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/*",
        "/a",
        "/a/*",
        "/a/*/b",
        "/a%20b",
        "/a?b=c&d=e",
        "/" + "x" * 3999,
        "/a(1);b,c@d:e!$'+=",
        "#t",
        "#product:1",
        "#a*",
        "#" + "x" * 256,
    ],
)
def test_a_valid_item_is_accepted(path):
    assert invalidation.items(batch(path)) == (path,)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "*",
        "a/*",
        "/a b",
        "/ä",
        "/~user",
        "/%7Euser",
        "/%7euser",
        "/a%2",
        "/a#b",
        '/a"b',
        "/" + "x" * 4000,
        "#",
        "#a,b",
        "#a b",
        "#ä",
        "#" + "x" * 257,
        "/a\n",
        "/{id}",
    ],
)
def test_an_invalid_item_is_an_invalid_argument(path):
    with pytest.raises(AwsError) as refused:
        invalidation.items(batch(path))

    assert (refused.value.code, refused.value.status) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        (batch("/a", quantity=2), "InconsistentQuantities", 400),
        (batch(), "InvalidArgument", 400),
        (batch("/a", reference=""), "InvalidArgument", 400),
        (batch(*(f"/{n}" for n in range(3001))), "BatchTooLarge", 413),
    ],
)
def test_a_batch_that_does_not_add_up_is_refused(asked, code, status):
    with pytest.raises(AwsError) as refused:
        invalidation.items(asked)

    assert (refused.value.code, refused.value.status) == (code, status)


@pytest.mark.parametrize(
    ("item", "cached", "is_match"),
    [
        ("/a", "/a", True),
        ("/a", "/a/", False),
        ("/a", "/A", False),
        ("/a", "/a?x=1", False),
        ("/a?x=1", "/a?x=1", True),
        ("/a*", "/a?x=1", True),
        ("/a*", "/ab/c", True),
        ("/a/*", "/a", False),
        ("/a/*", "/a/", True),
        ("/*", "/anything/at?all=1", True),
        ("/a/*/b", "/a/x/b", False),
        ("/a/*/b", "/a/*/b", True),
    ],
)
def test_an_item_names_one_object_or_everything_with_its_prefix(item, cached, is_match):
    assert invalidation.matches(item, cached) is is_match


@pytest.mark.parametrize(("item", "is_one"), [("/a*", True), ("/*", True), ("/a*b", False), ("#a*", False)])
def test_only_a_path_that_ends_in_an_asterisk_is_a_wildcard(item, is_one):
    assert invalidation.is_wildcard(item) is is_one
