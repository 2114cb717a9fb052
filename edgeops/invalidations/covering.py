"""Which item covers which, as CloudFront matches; and when many paths become one wildcard.

`*` crosses `/` and may match nothing: `/products/*` does not cover `/products`, and `/products/1*` covers
`/products/10`. Paths know upper case; tags match exactly. Pure: everything here is about forms as sent.
"""

from collections.abc import Collection, Iterable, Sequence

from edgeops.invalidations.paths import EVERYTHING


def covers(wide: str, narrow: str) -> bool:
    """Whether everything `narrow` names is named by `wide` too."""
    if wide == narrow:
        return True
    return is_wildcard(wide) and narrow.startswith("/") and narrow.startswith(wide[:-1])


def is_wildcard(form: str) -> bool:
    """Whether it names more than one path."""
    return form.startswith("/") and form.endswith("*")


def touches(one: str, other: str) -> bool:
    """Whether there is a path that both name."""
    return covers(one, other) or covers(other, one)


def cover_of(form: str, wildcards: Iterable[str]) -> str:
    """The first wildcard that covers a form, or an empty text."""
    return next((wide for wide in wildcards if wide != form and covers(wide, form)), "")


def absorbed(forms: Collection[str]) -> dict[str, str]:
    """Each form that a wildcard of the same list covers, with the widest one that does."""
    wildcards = sorted((form for form in forms if is_wildcard(form)), key=len)
    found = ((form, cover_of(form, wildcards)) for form in forms)
    return {form: wide for form, wide in found if wide}


def parent(path: str) -> str:
    """The wildcard of everything beside a path: `/products/1` is in `/products/*`."""
    return path.partition("?")[0].rpartition("/")[0] + "/*"


def collapsed(
    forms: Iterable[str], *, threshold: int, ceilings: Sequence[str], protected: Sequence[str]
) -> dict[str, str]:
    """Each path whose directory is to be invalidated as a whole, with the directory's wildcard.

    Only where so many are named, within a ceiling, and not where a protected pattern would be touched; never `/*`.
    """
    siblings: dict[str, list[str]] = {}
    for form in forms:
        if form.startswith("/") and not is_wildcard(form):
            siblings.setdefault(parent(form), []).append(form)
    return {
        path: wide
        for wide, found in siblings.items()
        if len(found) >= threshold and wide != EVERYTHING and is_allowed(wide, ceilings=ceilings, protected=protected)
        for path in found
    }


def is_allowed(wide: str, *, ceilings: Sequence[str], protected: Sequence[str]) -> bool:
    """Whether a wildcard lies within a ceiling and touches nothing protected."""
    within = any(covers(ceiling, wide) for ceiling in ceilings)
    return within and not any(touches(wide, pattern) for pattern in protected)
