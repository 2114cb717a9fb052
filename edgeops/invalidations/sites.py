"""The site of a distribution or a tenant, read from its rows."""

from collections.abc import Iterable, Iterator

from edgeops.estate.models import Distribution
from edgeops.invalidations import configs, site
from edgeops.invalidations.models import Place, Tenant, distribution_of
from edgeops.invalidations.site import ANYWHERE, Site


def of(place: Place) -> Site:
    """What the items of this distribution or tenant are checked against."""
    config = configs.of(distribution_of(place))
    return Site(
        name=place.name,
        hosts=_hosts(place),
        tag_header=config.cache_tag_header,
        tag_trouble=config.last_error,
        elsewhere=dict(_elsewhere(place)),
    )


def needed(place: Place, lines: Iterable[str]) -> Site:
    """The same; where every line is a path nothing is read, since nothing of it would be asked."""
    return ANYWHERE if all(line.lstrip().startswith("/") for line in lines) else of(place)


def _hosts(place: Place) -> frozenset[str]:
    if isinstance(place, Tenant):
        return site.hosts("", place.domains)
    return site.hosts(place.domain, place.aliases)


def _elsewhere(place: Place) -> Iterator[tuple[str, str]]:
    """Host names that a person may have meant, with what each is a name of."""
    for other in Distribution.objects.exclude(pk=distribution_of(place).pk):
        yield from ((host, f"the distribution {other.name}") for host in _hosts(other))
    for tenant in Tenant.objects.present().select_related("distribution"):
        yield from ((host, f"the tenant {tenant}") for host in _hosts(tenant) if tenant != place)
