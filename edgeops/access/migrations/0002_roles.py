"""The three roles as groups, each holding the permissions of the ones below it."""

from django.db import migrations

ROLES = {
    "viewer": "May see every page",
    "operator": "May invalidate, and create and edit alarms",
    "admin": "May invalidate /*, and manage channels, webhooks and secrets",
}


def add_roles(apps, schema_editor):
    """Make groups and permissions now: Django itself would add the permissions only after every migration."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="access", model="user"
    )
    Permission, Group = apps.get_model("auth", "Permission"), apps.get_model("auth", "Group")
    held = []
    for role, name in ROLES.items():
        permission, _ = Permission.objects.get_or_create(
            content_type=content_type, codename=role, defaults={"name": name}
        )
        held.append(permission)
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(held)


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(add_roles, remove_roles)]
