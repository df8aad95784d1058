import django.db.models.deletion
import records.fields
import records.ids
from django.conf import settings
from django.db import migrations, models

from records.walls import ROLE, web_may

# A draft that the asker has not opened is not to be seen, so neither is what belongs to it.
OWN_DRAFT = "EXISTS (SELECT 1 FROM registrations_draft d WHERE d.id = draft_id)"
OWN = "r.applicant_id = (SELECT app_applicant())"
OFFICE = "r.regency_id = ANY ((SELECT app_regencies())::integer[])"
AUDITOR = "(SELECT app_is_auditor())"
USER = "(SELECT app_user())"
ABOUT_NOW = "BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'"


def registration(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM registrations_registration r WHERE r.id = registration_id AND ({condition}))"


MINE = f"{OWN_DRAFT} OR {registration(OWN)}"
# The person adds, carries from the draft to the registration, and takes back until the number takes part or somebody has
# looked; the office of the domicile decides, in its own name and at this hour. Planners and the ministry see none of it.
POLICIES = f"""
ALTER TABLE registrations_evidence ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope_read ON registrations_evidence FOR SELECT TO {ROLE}
  USING ({OWN_DRAFT} OR {registration(f"{OWN} OR {OFFICE} OR {AUDITOR}")});
CREATE POLICY scope_add ON registrations_evidence FOR INSERT TO {ROLE} WITH CHECK (({MINE}) AND verdict = 'waiting');
CREATE POLICY scope_carry ON registrations_evidence FOR UPDATE TO {ROLE}
  USING ({OWN_DRAFT}) WITH CHECK ({registration(OWN)} AND verdict = 'waiting');
CREATE POLICY scope_decide ON registrations_evidence FOR UPDATE TO {ROLE}
  USING ({registration(OFFICE)})
  WITH CHECK ({registration(OFFICE)} AND decided_by_id = {USER} AND decided_at {ABOUT_NOW});
CREATE POLICY scope_remove ON registrations_evidence FOR DELETE TO {ROLE}
  USING ({OWN_DRAFT} OR verdict = 'waiting' AND {registration(f"{OWN} AND r.state = 'registered'")});
ALTER TABLE registrations_evidenceupload ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON registrations_evidenceupload TO {ROLE} USING ({MINE}) WITH CHECK ({MINE});
ALTER TABLE registrations_evidencepiece ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON registrations_evidencepiece TO {ROLE}
  USING (EXISTS (SELECT 1 FROM registrations_evidenceupload u WHERE u.id = upload_id));
"""
NO_POLICIES = """
DROP POLICY scope ON registrations_evidencepiece; DROP POLICY scope ON registrations_evidenceupload;
DROP POLICY scope_remove ON registrations_evidence; DROP POLICY scope_decide ON registrations_evidence;
DROP POLICY scope_carry ON registrations_evidence; DROP POLICY scope_add ON registrations_evidence;
DROP POLICY scope_read ON registrations_evidence;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('registrations', '0011_assistance'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EvidenceUpload',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('claim', models.CharField(choices=[('pmi', 'Pmi'), ('laid_off', 'Laid Off'), ('disability', 'Disability')], max_length=12)),
                ('digest', records.fields.BlindIndexField(help_text='keyed hash of the SHA-256 of the file as it was sent', max_length=32)),
                ('size', models.PositiveIntegerField()),
                ('received', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('draft', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='registrations.draft')),
                ('registration', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration')),
            ],
        ),
        migrations.CreateModel(
            name='EvidencePiece',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('start', models.PositiveIntegerField()),
                ('data', records.fields.EncryptedField(aad='registrations.evidencepiece.data', bulky=True)),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='registrations.evidenceupload')),
            ],
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('claim', models.CharField(choices=[('pmi', 'Pmi'), ('laid_off', 'Laid Off'), ('disability', 'Disability')], max_length=12)),
                ('digest', records.fields.BlindIndexField(help_text='keyed hash of the SHA-256 of the file as it was sent', max_length=32)),
                ('content', records.fields.EncryptedField(aad='registrations.evidence.content', bulky=True)),
                ('added_at', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('waiting', 'Waiting'), ('accepted', 'Accepted'), ('refused', 'Refused')], default='waiting', max_length=8)),
                ('reason', models.CharField(blank=True, help_text='as the person reads it', max_length=300)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('draft', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='registrations.draft')),
                ('registration', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.registration')),
            ],
            options={
                'indexes': [models.Index(fields=['digest'], name='evidence_same_file')],
                'constraints': [models.CheckConstraint(condition=models.Q(('draft__isnull', True), ('registration__isnull', True), _connector='XOR'), name='registrations_evidence_owner'), models.UniqueConstraint(fields=('draft', 'claim', 'digest'), name='registrations_evidence_draft_once'), models.UniqueConstraint(fields=('registration', 'claim', 'digest'), name='registrations_evidence_once'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('reason', ''), ('verdict', 'waiting')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('reason', ''), ('verdict', 'accepted')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('verdict', 'refused'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='registrations_evidence_verdict'), models.CheckConstraint(condition=models.Q(('verdict', 'waiting'), ('registration__isnull', False), _connector='OR'), name='registrations_evidence_of_draft')],
            },
        ),
        migrations.AddConstraint(
            model_name='evidenceupload',
            constraint=models.CheckConstraint(condition=models.Q(('draft__isnull', True), ('registration__isnull', True), _connector='XOR'), name='registrations_evidenceupload_owner'),
        ),
        migrations.AddConstraint(
            model_name='evidenceupload',
            constraint=models.UniqueConstraint(fields=('draft', 'claim', 'digest'), name='registrations_evidenceupload_draft_once'),
        ),
        migrations.AddConstraint(
            model_name='evidenceupload',
            constraint=models.UniqueConstraint(fields=('registration', 'claim', 'digest'), name='registrations_evidenceupload_once'),
        ),
        migrations.AddConstraint(
            model_name='evidenceupload',
            constraint=models.CheckConstraint(condition=models.Q(('received__lte', models.F('size'))), name='registrations_evidenceupload_received'),
        ),
        migrations.AddConstraint(
            model_name='evidencepiece',
            constraint=models.UniqueConstraint(fields=('upload', 'start'), name='registrations_evidencepiece_once'),
        ),
        web_may("registrations_evidence", "SELECT, INSERT, DELETE"),
        web_may(
            "registrations_evidence",
            "UPDATE",
            columns=["draft_id", "registration_id", "verdict", "reason", "decided_by_id", "decided_at"],
        ),
        web_may("registrations_evidenceupload", "SELECT, INSERT, DELETE"),
        web_may("registrations_evidenceupload", "UPDATE", columns=["received"]),
        web_may("registrations_evidencepiece", "SELECT, INSERT, DELETE"),
        migrations.RunSQL(POLICIES, NO_POLICIES),
    ]
