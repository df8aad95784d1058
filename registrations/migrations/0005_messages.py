from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registrations", "0004_person_lists")]

    operations = []
