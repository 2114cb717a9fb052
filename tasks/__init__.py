"""The hands: Celery tasks only. Each loads by id, calls one verb of the domain and enqueues what follows."""

# Tasks must belong to our application in every process that publishes them, the web's too.
from edgeops.celery import app as app
