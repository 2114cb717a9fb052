"""The WSGI door for gunicorn."""

from django.core.wsgi import get_wsgi_application

from edgeops.settings import use_as_django_settings

use_as_django_settings()
application = get_wsgi_application()
