import django.db.models.deletion
from django.db import migrations, models

import records.fields
import records.ids
from records.walls import OWN_REGENCY, SEES_ALL, touch, wall, web_may

LIST_SEEN = "EXISTS (SELECT 1 FROM registrations_personlist l WHERE l.id = list_id)"


class Migration(migrations.Migration):
    dependencies = [("registrations", "0003_intake_functions"), ("clusters", "0002_walls")]

    operations = [
        migrations.CreateModel(
            name='PersonList',
            fields=[
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('laid_off', 'Pekerja terkena PHK'), ('aid_recipient', 'Penerima bantuan sosial'), ('cpmi', 'Calon pekerja migran (ID Rekom)'), ('excluded', 'Tidak boleh ikut')], max_length=16)),
                ('source', models.CharField(max_length=120)),
                ('day', models.DateField(help_text='whom the source listed on this day')),
                ('regency', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clusters.regency')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'regency', 'source', 'day'), name='registrations_personlist_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ListedPerson',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('nik', records.fields.EncryptedField(aad='registrations.listedperson.nik')),
                ('nik_index', records.fields.BlindIndexField(max_length=32)),
                ('reference', models.CharField(blank=True, max_length=60)),
                ('since', models.DateField(help_text='laid off, recommended, ... since', null=True)),
                ('list', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='registrations.personlist')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('list', 'nik_index'), name='registrations_listedperson_once')],
            },
        ),
        # Lists come and go by imports, which are the owner's work.
        web_may("registrations_personlist", "SELECT"),
        wall("registrations_personlist", f"{SEES_ALL} OR {OWN_REGENCY}"),
        touch("registrations_personlist"),
        web_may("registrations_listedperson", "SELECT"),
        wall("registrations_listedperson", LIST_SEEN),
    ]
