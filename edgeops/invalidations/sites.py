"""The site of a distribution, read from its rows."""

from edgeops.estate.models import Distribution
from edgeops.invalidations import site
from edgeops.invalidations.site import Site


def of(distribution: Distribution) -> Site:
    """What the items of this distribution are checked against."""
    others = Distribution.objects.exclude(pk=distribution.pk).values_list("name", "domain", "aliases")
    return Site(
        name=distribution.name,
        hosts=site.hosts(distribution.domain, distribution.aliases),
        elsewhere={host: name for name, domain, aliases in others for host in site.hosts(domain, aliases)},
    )
