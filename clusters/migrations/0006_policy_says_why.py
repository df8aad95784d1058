from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clusters", "0005_quota_room")]

    operations = [
        migrations.AddConstraint(
            model_name="quotapolicy",
            constraint=models.CheckConstraint(condition=~models.Q(name=""), name="clusters_quotapolicy_name"),
        ),
        migrations.AddConstraint(
            model_name="quotapolicy",
            constraint=models.CheckConstraint(condition=~models.Q(reason=""), name="clusters_quotapolicy_reason"),
        ),
    ]
