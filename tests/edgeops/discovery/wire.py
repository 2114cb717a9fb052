"""Pointing EdgeOps' own clients at a local AWS."""

from contextlib import contextmanager

import pytest

from edgeops.aws import apigateway, clients, lambda_, route53


@contextmanager
def pointed_at(local):
    """Local AWS for the length of a block, asked as fast as it allows; EdgeOps itself is slower with AWS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", local.url)
        patch.setattr(apigateway, "CALLS_A_SECOND", 9)
        patch.setattr(route53, "CALLS_A_SECOND", 100)
        patch.setattr(lambda_, "CALLS_A_SECOND", 100)
        clients.forget()
        yield local
    clients.forget()
