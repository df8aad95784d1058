from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clusters", "0002_walls")]

    operations = []
