import django.db.models.deletion
import records.fields
import records.ids
from django.db import migrations, models

from records.walls import OWN_APPLICANT, wall, web_may, web_may_call

# A code is looked up before anybody is known; and whoever sends a finished draft again gets the receipt of what it became,
# whose idempotency key is the draft's id. Both run with the owner's rights and answer just that.
FUNCTIONS = {
    "app_draft()": """
CREATE FUNCTION app_draft() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT (app_scope() ->> 'draft')::uuid $$""",
    "registrations_find_draft(bytea, timestamptz)": """
CREATE FUNCTION registrations_find_draft(code bytea, now timestamptz) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id FROM registrations_draft WHERE code_index = code AND expires_at > now
$$""",
    "registrations_find_sent()": """
CREATE FUNCTION registrations_find_sent() RETURNS TABLE (applicant_id uuid, registration_id uuid, number varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.applicant_id, r.id, r.number FROM registrations_registration r WHERE r.idempotency_key = app_draft()
$$""",
}


class Migration(migrations.Migration):
    dependencies = [("registrations", "0007_identity_checks")]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code_index', records.fields.BlindIndexField(max_length=32, null=True)),
                ('pages', records.fields.EncryptedField(aad='registrations.draft.pages')),
                ('step', models.CharField(blank=True, max_length=20)),
                ('revision', models.PositiveIntegerField(help_text='how often it was saved')),
                ('saved_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('applicant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registrations.applicant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('code_index',), name='registrations_draft_code'), models.UniqueConstraint(fields=('applicant',), name='registrations_draft_applicant'), models.CheckConstraint(condition=models.Q(('applicant__isnull', True), ('code_index__isnull', True), _connector='OR'), name='registrations_draft_one_way_in'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('saved_at'))), name='registrations_draft_ends')],
            },
        ),
        *(migrations.RunSQL(definition, f"DROP FUNCTION {name}") for name, definition in FUNCTIONS.items()),
        web_may_call(*FUNCTIONS),
        web_may("registrations_draft", "SELECT, INSERT, UPDATE, DELETE"),
        wall("registrations_draft", f"id = (SELECT app_draft()) OR {OWN_APPLICANT}"),
    ]
