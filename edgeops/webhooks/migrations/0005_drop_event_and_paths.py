from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0004_rules_to_versions")]

    operations = [
        migrations.RemoveField(model_name="rule", name="event_type"),
        migrations.RemoveField(model_name="rule", name="path_templates"),
    ]
