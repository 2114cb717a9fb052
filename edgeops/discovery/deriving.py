"""Deriving the request path of an API from its distribution: the proposal a person confirms."""

from collections.abc import Collection

from edgeops.discovery import aliases, edge, following, naming
from edgeops.discovery.survey import Survey
from edgeops.estate.document import ApiDoc


def derive(survey: Survey, distribution_id: str, *, taken: Collection[str] = ()) -> ApiDoc:
    """Read everything behind a distribution; the survey says what could not be read, and what a person should know.

    `taken` are the slugs that are no longer free. Raises AwsError where the distribution itself cannot be read or a
    part of the path may be read later, OtherAccountError where the credentials are of another account.
    """
    setup = survey.aws.distributions.setup(distribution_id)
    survey.refuse_other_account(setup.arn)
    has_additional_metrics = edge.add(survey, setup)
    aliases.add_health_checks(survey, setup)
    following.follow(survey, setup)
    return naming.api(
        setup,
        survey.hops,
        account=survey.account.name,
        region=survey.account.region,
        has_additional_metrics=has_additional_metrics,
        taken=taken,
    )
