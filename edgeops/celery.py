"""The Celery application and everything that runs by itself.

Settings follow from one rule: rows are the truth and messages are hints. A lost message costs at most one sweep.
"""

import gc

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from edgeops.settings import use_as_django_settings

use_as_django_settings()

from django.conf import settings  # noqa: E402  (needs the line above)

app = Celery("edgeops", broker=settings.REDIS_URL)
app.conf.update(
    include=[
        "tasks.polling",
        "tasks.judging",
        "tasks.tracing",
        "tasks.delivering",
        "tasks.invalidating",
        "tasks.receiving",
        "tasks.discovering",
        "tasks.sweeping",
        "tasks.tidying",
    ],
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    enable_utc=True,
    task_ignore_result=True,
    task_acks_late=True,
    task_time_limit=120,
    task_soft_time_limit=90,
    task_default_queue="slow",
    task_routes={
        "tasks.polling.*": "poll",
        "tasks.judging.*": "evaluate",
        "tasks.delivering.*": "deliver",
        "tasks.invalidating.close_windows": "evaluate",  # not behind a storm of what it gathers
        "tasks.invalidating.*": "invalidate",
        "tasks.receiving.*": "invalidate",
        "tasks.tracing.*": "slow",
        "tasks.discovering.*": "slow",
        "tasks.sweeping.*": "evaluate",
    },
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,
    worker_soft_shutdown_timeout=20,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker outlives any outage of Redis
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    },
    beat_schedule_filename=str(settings.STATE_DIR / "celerybeat-schedule"),
    # A message that waited longer than its slot is worthless: the next one does the same work on newer data.
    beat_schedule={
        "sweep waiting rows": {"task": "tasks.sweeping.sweep", "schedule": 5.0, "options": {"expires": 5}},
        # Half a second: a window that closes must not wait for the next beat.
        "close invalidation windows": {
            "task": "tasks.invalidating.close_windows",
            "schedule": 0.5,
            "options": {"expires": 5.0},  # a worker that was busy for a while finds one that lives
        },
        "run webhook deliveries": {
            "task": "tasks.receiving.run_deliveries",
            "schedule": 0.5,
            "options": {"expires": 5.0},  # a worker that was busy for a while finds one that lives
        },
        "tell of failures": {"task": "tasks.delivering.tell_failures", "schedule": 5.0, "options": {"expires": 5}},
        "plan metric polls": {"task": "tasks.polling.plan_polls", "schedule": 10.0, "options": {"expires": 10}},
        "plan trace windows": {
            "task": "tasks.tracing.plan_trace_windows",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "judge alarms": {"task": "tasks.judging.judge_alarms", "schedule": 30.0, "options": {"expires": 30}},
        "look at request paths again": {
            "task": "tasks.discovering.plan_rediscovery",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "roll up datapoints": {"task": "tasks.tidying.roll_up", "schedule": 300.0, "options": {"expires": 300}},
        "tidy old rows": {"task": "tasks.sweeping.tidy", "schedule": 3600.0, "options": {"expires": 3600}},
    },
)


@setup_logging.connect
def keep_django_logging(**_kwargs: object) -> None:
    """Leave logging as Django configured it: one JSON format for every process."""


@worker_process_init.connect
def keep_collections_short(**_kwargs: object) -> None:
    """Have the garbage collector pass over what a worker holds for good: a poll's many rows set it off often."""
    gc.freeze()
