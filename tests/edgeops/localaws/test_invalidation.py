import pytest

from edgeops.localaws import invalidation
from edgeops.localaws.state import Invalidation
from edgeops.localaws.wire.messages import AwsError


def batch(*paths, quantity=None, reference="ref"):
    items = list(paths)
    return {
        "Paths": {"Quantity": len(items) if quantity is None else quantity, "Items": items},
        "CallerReference": reference,
    }


def running(*paths):
    return [Invalidation("I1", "E1", "earlier", tuple(paths), 0, 10)]


@pytest.mark.parametrize(
    "path", ["/", "/*", "/a", "/a/*", "/a/*/b", "/a%20b", "/a?b=c&d=e", "/" + "x" * 3999, "/a(1);b,c@d:e!$'+="]
)
def test_a_valid_path_is_accepted(path):
    assert invalidation.paths(batch(path)) == (path,)


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
        "#tag",
    ],
)
def test_an_invalid_path_is_an_invalid_argument(path):
    with pytest.raises(AwsError) as refused:
        invalidation.paths(batch(path))

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
        invalidation.paths(asked)

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


def test_fifteen_wildcards_may_run_and_not_sixteen():
    invalidation.check_room(["/z/*"], running(*(f"/{n}/*" for n in range(14))))

    with pytest.raises(AwsError) as refused:
        invalidation.check_room(["/z/*"], running(*(f"/{n}/*" for n in range(15))))
    assert (refused.value.code, refused.value.status) == ("TooManyInvalidationsInProgress", 400)


def test_three_thousand_paths_may_run_beside_the_wildcards():
    invalidation.check_room(["/z"], running(*(f"/{n}" for n in range(2999)), "/*"))
    invalidation.check_room(["/z*"], running(*(f"/{n}" for n in range(3000))))

    with pytest.raises(AwsError, match="3000"):
        invalidation.check_room(["/z"], running(*(f"/{n}" for n in range(3000))))
