from hypothesis import given
from hypothesis import strategies as st

from edgeops.invalidations import choosing, covering
from edgeops.invalidations.models import Policy
from edgeops.invalidations.quota import Room

WIDE = Room(paths=1_000, wildcards=15)


def chosen(*forms, room=WIDE, **policy):
    return choosing.choose(forms, room, Policy(**policy))


def test_what_is_asked_for_twice_is_sent_once():
    choice = chosen("/b", "/a", "/b", "#t")
    assert choice.forms == ["#t", "/a", "/b"]
    assert (choice.paths, choice.wildcards) == (3, 0)


def test_a_wildcard_and_its_child_are_one_item_whichever_came_first():
    for order in (["/a/*", "/a/1"], ["/a/1", "/a/*"]):
        choice = chosen(*order)
        assert choice.forms == ["/a/*"]
        assert choice.covered_by == {"/a/1": "/a/*", "/a/*": "/a/*"}


def test_what_does_not_fit_stays_and_what_is_covered_goes_along_for_nothing():
    choice = chosen("/a/*", "/b", "/c", "/a/1", "/d/*", room=Room(paths=1, wildcards=1))
    assert choice.forms == ["/a/*", "/b"]
    assert choice.covered_by == {"/a/*": "/a/*", "/b": "/b", "/a/1": "/a/*"}


def test_without_room_for_wildcards_paths_still_go():
    assert chosen("/a/*", "/b", room=Room(paths=5, wildcards=0)).forms == ["/b"]


def test_siblings_are_folded_under_the_policy():
    forms = [f"/products/{number}" for number in range(60)]
    choice = chosen("/x", *forms, ceilings=["/products/*"])
    assert choice.forms == ["/products/*", "/x"]
    assert choice.covered_by["/products/7"] == "/products/*"
    assert chosen(*forms).forms == sorted(forms)


def test_what_stands_alone_folds_nothing_and_goes_along_with_what_others_fold():
    mine = [f"/products/{number}" for number in range(60)]
    policy = Policy(ceilings=["/products/*"])
    assert choosing.choose(mine, WIDE, policy, alone=mine).forms == sorted(mine)
    assert len(choosing.choose(mine, WIDE, policy, alone=mine[:11]).forms) == 60, "49 others are too few"
    choice = choosing.choose(mine, WIDE, policy, alone=mine[:10])
    assert choice.forms == ["/products/*"]
    assert set(choice.covered_by.values()) == {"/products/*"}


def test_nothing_is_folded_into_a_wildcard_for_which_there_is_no_room():
    forms = [f"/products/{number}" for number in range(60)]
    assert len(chosen(*forms, ceilings=["/products/*"], room=Room(paths=100, wildcards=0)).forms) == 60


STEMS = ["/a", "/a/1", "/a/2", "/a/1/2", "/b", "/b/1", "/ab"]
FORMS = st.lists(st.sampled_from([*STEMS, *(f"{stem}*" for stem in STEMS), "/a/*"]), max_size=20)


@given(FORMS, st.integers(0, 8), st.integers(0, 3))
def test_a_choice_fits_its_room_and_covers_exactly_what_it_says(queued, paths, wildcards):
    choice = choosing.choose(queued, Room(paths, wildcards), Policy(collapse_threshold=2, ceilings=["/a/*"]))
    assert choice.wildcards <= wildcards
    assert choice.paths <= paths
    assert set(choice.covered_by.values()) <= set(choice.forms)
    assert all(covering.covers(cover, form) for form, cover in choice.covered_by.items())
