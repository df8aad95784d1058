from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registrations", "0003_intake_functions")]

    operations = []
