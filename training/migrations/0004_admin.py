from django.db import migrations

from records.walls import wall, web_may


class Migration(migrations.Migration):
    dependencies = [("training", "0003_messages"), ("clusters", "0004_admin")]

    operations = [
        operation
        for table in ("training_programme", "training_provider")
        for operation in (
            web_may(table, "INSERT, UPDATE"),
            wall(table, "true", check="(SELECT app_is_operator())"),
        )
    ]
