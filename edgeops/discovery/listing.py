"""The distributions of an account, with their tags, and choosing from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgeops.discovery.survey import Survey

type Entry = dict[str, Any]
"""One distribution of a listing: id, domain, aliases, name, enabled, origins, tags."""


def listed(survey: Survey) -> list[Entry]:
    """Every distribution; where tags cannot be read there are none, and the survey says why.

    Raises AwsError where they cannot be read, OtherAccountError where the credentials are of another account.
    """
    found = list(survey.aws.distributions.listed())
    if found:
        survey.refuse_other_account(found[0].arn)
    tags: Mapping[str, Mapping[str, str]] = {}
    with survey.reading("the tags of distributions"):
        tags = survey.aws.tags.of_distributions()
    return [
        {
            "id": one.id,
            "domain": one.domain,
            "aliases": list(one.aliases),
            "name": one.comment or one.id,
            "enabled": one.is_enabled,
            "origins": list(one.origins),
            "tags": dict(tags.get(one.arn, {})),
        }
        for one in found
    ]


def with_tag(distributions: Sequence[Entry], wanted: str) -> list[Entry]:
    """Those that carry a tag, as `team=shop`; a key alone is any value of it, nothing is all of them."""
    key, equals, value = (part.strip() for part in wanted.partition("="))
    if not key:
        return list(distributions)
    return [one for one in distributions if key in one["tags"] and (not equals or one["tags"][key] == value)]


def tags_of(distributions: Sequence[Entry]) -> list[str]:
    """Every tag that is carried, as `key=value`, in their order: what there is to choose from."""
    return sorted({f"{key}={value}" for one in distributions for key, value in one["tags"].items()})
