"""The site of a distribution, read from its rows."""

from collections.abc import Iterable

from edgeops.estate.models import Distribution
from edgeops.invalidations import site
from edgeops.invalidations.models import DistributionConfig
from edgeops.invalidations.site import ANYWHERE, Site


def of(distribution: Distribution) -> Site:
    """What the items of this distribution are checked against."""
    others = Distribution.objects.exclude(pk=distribution.pk).values_list("name", "domain", "aliases")
    config = DistributionConfig.objects.filter(distribution=distribution).first()
    return Site(
        name=distribution.name,
        hosts=site.hosts(distribution.domain, distribution.aliases),
        tag_header=None if config is None else config.cache_tag_header,
        tag_trouble="" if config is None else config.last_error,
        elsewhere={host: name for name, domain, aliases in others for host in site.hosts(domain, aliases)},
    )


def needed(distribution: Distribution, lines: Iterable[str]) -> Site:
    """The same; where every line is a path nothing is read, since nothing of it would be asked."""
    return ANYWHERE if all(line.lstrip().startswith("/") for line in lines) else of(distribution)
