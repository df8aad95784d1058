from django.db import migrations

from records.walls import web_may


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("records", "0002_walls")]

    operations = [web_may("accounts_user", "SELECT", columns=["id", "name"])]
