#!/usr/bin/env python
"""Django's command line, with the project's settings."""

import sys

from django.core.management import execute_from_command_line

from edgeops.settings import use_as_django_settings

if __name__ == "__main__":
    use_as_django_settings()
    execute_from_command_line(sys.argv)
