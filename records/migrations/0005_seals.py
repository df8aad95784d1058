import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import records.models.log
from records.walls import append_only, web_may


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("records", "0004_imports"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE records_log_number; GRANT USAGE ON SEQUENCE records_log_number TO portal_web",
            "DROP SEQUENCE records_log_number",
        ),
        *[
            migrations.AddField(
                model,
                "number",
                models.BigIntegerField(unique=True, db_default=records.models.log.NextNumber(), editable=False),
            )
            for model in ("event", "read")
        ],
        migrations.AlterField(
            "event",
            "actor",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, django.db.models.deletion.PROTECT, null=True, related_name="+", db_index=False
            ),
        ),
        migrations.AlterField(
            "read",
            "actor",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, django.db.models.deletion.PROTECT, related_name="+", db_index=False
            ),
        ),
        migrations.AddIndex("event", models.Index(fields=["actor", "at", "number"], name="records_event_actor")),
        migrations.AddIndex("event", models.Index(fields=["kind", "at", "number"], name="records_event_kind")),
        migrations.AddIndex("event", models.Index(fields=["at", "number"], name="records_event_at")),
        migrations.AddIndex("read", models.Index(fields=["actor", "at", "number"], name="records_read_actor")),
        migrations.AddIndex("read", models.Index(fields=["at", "number"], name="records_read_at")),
        migrations.CreateModel(
            name="LogLine",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("log", models.CharField(choices=[("event", "event"), ("read", "read")], max_length=5)),
                ("row_id", models.UUIDField()),
                ("number", models.BigIntegerField(unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("chain", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("n", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("high", models.BigIntegerField()),
                ("settled", models.BigIntegerField()),
                ("xid", models.BigIntegerField()),
                ("sealed_at", models.DateTimeField(db_index=True)),
                ("head", models.BinaryField(max_length=32)),
                ("signature", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="records_seal_count"),
                    models.UniqueConstraint(fields=("last",), name="records_seal_last"),
                ],
            },
        ),
        append_only("records_logline"),
        append_only("records_seal"),
        web_may("records_seal", "SELECT"),
    ]
