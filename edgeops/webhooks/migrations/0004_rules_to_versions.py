import json
import re

from django.db import migrations
from django.utils import timezone

EVENT = re.compile(r"body\.type == `(.+)`")


def to_versions(apps, schema_editor):
    """This event → these paths, said as a condition, a selection and items."""
    Rule, RuleVersion = apps.get_model("webhooks", "Rule"), apps.get_model("webhooks", "RuleVersion")
    for rule in Rule.objects.filter(current=None):
        event_type = json.dumps(rule.event_type).replace("`", "\\u0060")
        definition = {"items": rule.path_templates, "when": f"body.type == `{event_type}`", "select": "body.data"}
        rule.current = RuleVersion.objects.create(
            rule=rule, number=1, definition=definition, saved_at=timezone.now(), saved_by="edgeops"
        )
        rule.save(update_fields=["current"])


def to_events(apps, schema_editor):
    """The newest version, as far as an event and paths can say it; what cannot be said waits for no event."""
    Rule = apps.get_model("webhooks", "Rule")
    for rule in Rule.objects.exclude(current=None).select_related("current"):
        definition = rule.current.definition
        event = EVENT.fullmatch(definition.get("when", ""))
        rule.event_type = json.loads(event[1]) if event else ""
        rule.path_templates = definition["items"]
        rule.is_enabled = rule.is_enabled and event is not None
        rule.current = None
        rule.save(update_fields=["event_type", "path_templates", "is_enabled", "current"])


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_rules_as_data")]

    operations = [migrations.RunPython(to_versions, to_events)]
