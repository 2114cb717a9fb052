import pytest

from edgeops.access.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fixture", "may"),
    [("nils", []), ("vera", ["viewer"]), ("otto", ["viewer", "operator"]), ("ada", ["viewer", "operator", "admin"])],
)
def test_each_role_holds_the_permissions_of_those_below_it(request, fixture, may):
    user = User.objects.get(pk=request.getfixturevalue(fixture).pk)
    assert [role for role in ("viewer", "operator", "admin") if user.has_perm(f"access.{role}")] == may
    assert user.role == (may[-1] if may else "")
