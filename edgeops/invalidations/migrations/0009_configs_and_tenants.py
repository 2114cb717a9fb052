import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def read_at_once(apps, schema_editor):
    """Which distributions are for tenants is not known yet."""
    apps.get_model("invalidations", "DistributionConfig").objects.update(next_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("estate", "0003_retired_hops"),
        ("invalidations", "0008_rounds_of_probes"),
    ]

    operations = [
        migrations.RenameModel(old_name="TagHeader", new_name="DistributionConfig"),
        migrations.RenameIndex(
            model_name="distributionconfig", old_name="tag_header_waiting", new_name="config_waiting"
        ),
        migrations.RenameField(model_name="distributionconfig", old_name="header", new_name="cache_tag_header"),
        migrations.AlterField(
            model_name="distributionconfig",
            name="cache_tag_header",
            field=models.CharField(
                help_text="As CacheTagConfig says. Empty text: there is none; null: never read.",
                max_length=200,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="distributionconfig",
            name="distribution",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="config", to="estate.distribution"
            ),
        ),
        migrations.AddField(
            model_name="distributionconfig",
            name="is_for_tenants",
            field=models.BooleanField(
                default=False,
                help_text="Its ConnectionMode is tenant-only: viewers ask its tenants, which are invalidated.",
            ),
        ),
        migrations.AddField(
            model_name="distributionconfig",
            name="tenants_read_at",
            field=models.DateTimeField(help_text="When its tenants were listed last.", null=True),
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("aws_id", models.CharField(max_length=60)),
                ("name", models.CharField(help_text="Typed to confirm an invalidation of everything.", max_length=200)),
                ("domains", models.JSONField(default=list)),
                ("is_enabled", models.BooleanField(default=True)),
                ("gone_at", models.DateTimeField(help_text="When CloudFront did not know it any more.", null=True)),
                (
                    "distribution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tenants", to="estate.distribution"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["distribution", "name"], name="tenant_by_name")],
                "constraints": [models.UniqueConstraint(fields=("distribution", "aws_id"), name="tenant_once")],
            },
        ),
        migrations.RunPython(read_at_once, migrations.RunPython.noop),
    ]
