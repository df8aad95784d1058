from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clusters", "0003_memberships")]

    operations = []
