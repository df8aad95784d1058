import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import records.ids
from records.models.imports import IMPORT_TRANSITIONS
from records.walls import OWN_REGENCY, SEES_ALL, before_update, never_deleted, wall, web_may

OWN = f"{SEES_ALL} OR {OWN_REGENCY}"
MAY_WRITE = f"(SELECT app_is_province()) OR {OWN_REGENCY}"
IMPORT_SEEN = "EXISTS (SELECT 1 FROM records_import i WHERE i.id = {})"
# A partition an import, unlogged and gone with the decision.
PARTITIONED = """
CREATE TABLE records_importrow (
  import_id uuid NOT NULL, line integer NOT NULL, key bytea, verdict varchar(9) NOT NULL, values jsonb NOT NULL,
  before jsonb, reasons jsonb) PARTITION BY LIST (import_id);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0003_messages"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('pk', models.CompositePrimaryKey('import_id', 'line', blank=True, editable=False, primary_key=True, serialize=False)),
                ('import_id', models.UUIDField()),
                ('line', models.IntegerField()),
                ('key', models.BinaryField(help_text='digest of the key', null=True)),
                ('verdict', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('duplicate', 'Duplicate'), ('refused', 'Refused')], max_length=9)),
                ('values', models.JSONField()),
                ('before', models.JSONField(null=True)),
                ('reasons', models.JSONField(help_text='[[column, code, values], ...]', null=True)),
            ],
            options={'managed': False},
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(help_text='key of settings.IMPORTS', max_length=40)),
                ('regency_id', models.IntegerField(null=True)),
                ('state', models.CharField(choices=[('received', 'Received'), ('reading', 'Reading'), ('checked', 'Checked'), ('applying', 'Applying'), ('done', 'Done'), ('undoing', 'Undoing'), ('undone', 'Undone'), ('discarded', 'Discarded'), ('failed', 'Failed')], default='received', max_length=10)),
                ('take', models.CharField(blank=True, choices=[('all', 'All'), ('good', 'Good'), ('nothing', 'Nothing')], max_length=8)),
                ('options', models.JSONField(default=dict, help_text='what the uploader states about the whole file')),
                ('name', models.CharField(max_length=200)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('encoding', models.CharField(blank=True, help_text='of a CSV file, as its first reading found it', max_length=12)),
                ('headers', models.JSONField(default=list)),
                ('notes', models.JSONField(default=list, help_text='what the reader supposed: [code, values]')),
                ('mapping', models.JSONField(default=dict, help_text='header of the file by column of the resource')),
                ('constants', models.JSONField(default=dict, help_text='columns that every row shares')),
                ('line', models.IntegerField(default=0, help_text='the last line that was read')),
                ('offset', models.BigIntegerField(default=0, help_text='the byte behind it')),
                ('rows', models.IntegerField(default=0)),
                ('new', models.IntegerField(default=0)),
                ('changed', models.IntegerField(default=0)),
                ('duplicate', models.IntegerField(default=0)),
                ('refused', models.IntegerField(default=0)),
                ('problem', models.JSONField(default=list, help_text='why the last step stopped: [code, values]')),
                ('row_xmin', models.BigIntegerField(help_text='transaction that wrote the rows: they are unused while it shows', null=True)),
                ('created_at', models.DateTimeField()),
                ('checked_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['regency_id', 'created_at'], name='import_by_office')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('take', ''), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='records_import_decided'),
                    models.CheckConstraint(condition=models.Q(models.Q(('take', 'all'), _negated=True), ('refused', 0), _connector='OR'), name='records_import_all_means_all'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ImportChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('data', models.BinaryField()),
                ('of_import', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='records.import')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('of_import', 'number'), name='records_importchunk_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('regency_id', models.IntegerField(null=True)),
                ('columns', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'regency_id'), name='records_importmapping_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='FormerRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.TextField(help_text="the row's key")),
                ('before', models.JSONField()),
                ('of_import', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='former', to='records.import')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('of_import', 'target'), name='records_formerrow_once')],
            },
        ),
        migrations.RunSQL(PARTITIONED, "DROP TABLE records_importrow"),
        web_may("records_import", "SELECT, INSERT"),
        web_may(
            "records_import",
            "UPDATE",
            columns=["state", "take", "decided_by_id", "decided_at", "size", "sha256", "mapping"],
        ),
        wall("records_import", OWN, check=MAY_WRITE),
        before_update(
            "records_import",
            "refuse_transition",
            [f"{old}>{new}" for old in IMPORT_TRANSITIONS for new in sorted(IMPORT_TRANSITIONS[old])],
        ),
        never_deleted("records_import"),
        web_may("records_importchunk", "SELECT, INSERT"),
        wall("records_importchunk", IMPORT_SEEN.format("of_import_id")),
        web_may("records_importmapping", "SELECT, INSERT, UPDATE"),
        wall("records_importmapping", OWN, check=MAY_WRITE),
        web_may("records_importrow", "SELECT"),
        wall("records_importrow", IMPORT_SEEN.format("import_id")),
    ]
