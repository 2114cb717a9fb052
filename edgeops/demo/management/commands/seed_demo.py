"""Prepare the demo's database: migrate, make the throttle's cache table, seed. Safe to run again."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from edgeops.demo import seed, senders, watching
from edgeops.metrics import planning
from edgeops.traces import fetching


class Command(BaseCommand):
    """`manage.py seed_demo`."""

    help = "Migrate the database and fill it with the demo's world. Safe to run again."
    # The checks look at tables that the migration only makes.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses outside demo and test mode: a simulated estate must not mix with a real one."""
        if settings.IS_PRODUCTION:
            raise CommandError("EDGEOPS_MODE is production: the demo's world would mix with real accounts.")
        if seed.operates_other_accounts():
            raise CommandError(
                "The database of DATABASE_URL operates other AWS accounts than the demo's. "
                "Unset DATABASE_URL, or give the demo an empty database."
            )
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        seed.people(settings.DEMO_PASSWORD or "edgeops-demo")
        now = timezone.now()
        apis = seed.estate()
        watching.alarms(watching.channels(now), now)
        senders.prepare(now)
        # The first sweep then finds work waiting, before beat would have planned any.
        planning.plan(now)
        fetching.plan_windows(now)
        self.stdout.write(f"{len(apis)} APIs are seeded.")
