import django.db.models.deletion
import records.fields
import records.ids
from django.conf import settings
from django.db import migrations, models

from records.walls import append_only, before_update, insert_only_wall, never_deleted, wall, web_may, web_may_call

# The states of a message; whoever is final stays.
STEPS = ("queued>sending", "sending>queued", "sending>sent", "sending>failed") + tuple(
    f"{old}>{new}" for old in ("queued", "sending") for new in ("expired", "suppressed")
)
CHANGING = ("state", "reason", "attempt", "due_at", "finished_at", "destination", "plain_values", "sealed_values")

# Runs as the owner: whoever causes a message need not be able to read the outbox. A key that stands gives its message; the
# loop is for one that another transaction took and gave up between the two statements. NULL: no such text.
QUEUE_MESSAGE = """
CREATE FUNCTION records_queue_message(new_id uuid, new_key text, text_name text, text_channel text, text_language text,
  new_kind text, book text, person uuid, address bytea, plain jsonb, sealed bytea, is_secret boolean,
  now timestamptz, due timestamptz, expires timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE text_id uuid; found uuid; BEGIN
  SELECT id INTO text_id FROM records_messagetemplate
  WHERE name = text_name AND channel = text_channel AND language = text_language ORDER BY version DESC LIMIT 1;
  IF text_id IS NULL THEN RETURN NULL; END IF;
  LOOP
    INSERT INTO records_message (id, key, template_id, kind, channel, recipient_kind, recipient_id, destination,
      plain_values, sealed_values, secret, state, reason, attempt, due_at, expires_at, created_at)
    VALUES (new_id, new_key, text_id, new_kind, text_channel, book, person, address,
      plain, sealed, is_secret, 'queued', '', 0, due, expires, now)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO found;
    IF found IS NULL THEN SELECT id INTO found FROM records_message WHERE key = new_key; END IF;
    IF found IS NOT NULL THEN RETURN found; END IF;
  END LOOP;
END $$;
"""
SIGNATURE = (
    "records_queue_message(uuid, text, text, text, text, text, text, uuid, bytea, jsonb, bytea, boolean,"
    " timestamptz, timestamptz, timestamptz)"
)


class Migration(migrations.Migration):
    dependencies = [("records", "0002_walls"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40)),
                ('channel', models.CharField(choices=[('sms', 'Sms'), ('email', 'Email'), ('whatsapp', 'Whatsapp')], max_length=10)),
                ('language', models.CharField(max_length=5)),
                ('version', models.PositiveSmallIntegerField()),
                ('subject', models.CharField(blank=True, help_text='e-mail only', max_length=120)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(help_text='one message per key, whoever asks and however often', max_length=120)),
                ('kind', models.CharField(choices=[('code', 'Code'), ('notice', 'Notice'), ('reminder', 'Reminder')], max_length=10)),
                ('channel', models.CharField(choices=[('sms', 'Sms'), ('email', 'Email'), ('whatsapp', 'Whatsapp')], max_length=10)),
                ('recipient_kind', models.CharField(blank=True, help_text='a key of settings.ADDRESS_BOOKS', max_length=20)),
                ('recipient_id', models.UUIDField(null=True)),
                ('destination', records.fields.EncryptedField(aad='records.message.destination', null=True)),
                ('plain_values', models.JSONField(default=dict, help_text='of the placeholders, when neither personal nor secret')),
                ('sealed_values', records.fields.EncryptedField(aad='records.message.values', help_text='JSON of the others', null=True)),
                ('secret', models.BooleanField(default=False, help_text='values and destination go once it is delivered or expired')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('expired', 'Expired'), ('suppressed', 'Suppressed')], default='queued', max_length=10)),
                ('reason', models.CharField(blank=True, help_text='why it waits, failed or was not sent', max_length=20)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.messagetemplate')),
            ],
        ),
        migrations.CreateModel(
            name='OptOut',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('sms', 'Sms'), ('email', 'Email'), ('whatsapp', 'Whatsapp')], max_length=10)),
                ('address_index', records.fields.BlindIndexField(max_length=32)),
                ('out', models.BooleanField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['address_index', 'channel', '-at'], name='optout_of_address')],
            },
        ),
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('sms', 'Sms'), ('email', 'Email'), ('whatsapp', 'Whatsapp')], max_length=10)),
                ('day', models.DateField()),
                ('rupiah', models.PositiveIntegerField(default=0)),
                ('alerted', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('channel', 'day'), name='records_spending_day')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('attempt', models.PositiveSmallIntegerField()),
                ('gateway', models.CharField(blank=True, max_length=60)),
                ('outcome', models.CharField(choices=[('accepted', 'Accepted'), ('rejected', 'Rejected'), ('unavailable', 'Unavailable'), ('uncertain', 'Uncertain')], max_length=12)),
                ('reference', models.CharField(blank=True, help_text="the provider's own", max_length=80)),
                ('error', models.CharField(blank=True, help_text='class of the error, or HTTP status', max_length=60)),
                ('cost', models.PositiveIntegerField(default=0)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='records.message')),
            ],
            options={
                'indexes': [models.Index(fields=['gateway', '-at'], name='delivery_of_gateway')],
            },
        ),
        migrations.AddConstraint(
            model_name='messagetemplate',
            constraint=models.UniqueConstraint(fields=('name', 'channel', 'language', 'version'), name='records_messagetemplate_version'),
        ),
        migrations.AddConstraint(
            model_name='messagetemplate',
            constraint=models.CheckConstraint(condition=models.Q(('channel', 'email'), ('subject', ''), _connector='XOR'), name='records_messagetemplate_subject'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'sending'])), fields=['kind', 'due_at'], name='message_due'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['recipient_id', '-created_at'], name='message_of_recipient'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['-created_at', '-id'], name='message_newest'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('sealed_values__isnull', False), ('secret', True)), fields=['expires_at'], name='message_to_wipe'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('key',), name='records_message_key'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('recipient_kind', ''), _negated=True), ('destination__isnull', True), ('recipient_id__isnull', False)), models.Q(('recipient_id__isnull', True), ('recipient_kind', ''), models.Q(('destination__isnull', False), ('finished_at__isnull', False), _connector='OR')), _connector='OR'), name='records_message_one_address'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('secret', False), models.Q(('expires_at__isnull', False), ('plain_values', {})), _connector='OR'), name='records_message_secret'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at__isnull', True), models.Q(('state__in', ['queued', 'sending']), _negated=True), _connector='XOR'), name='records_message_finished'),
        ),
        web_may("records_messagetemplate", "SELECT, INSERT"),
        insert_only_wall("records_messagetemplate", "true", check="author_id = (SELECT app_user())"),
        append_only("records_messagetemplate"),
        web_may("records_message", "SELECT"),
        wall("records_message", "recipient_kind = 'applicant' AND recipient_id = (SELECT app_applicant()) AND NOT secret"),
        before_update("records_message", "keep_all_but", CHANGING),
        before_update("records_message", "refuse_transition", STEPS),
        never_deleted("records_message"),
        append_only("records_delivery"),
        append_only("records_optout"),
        migrations.RunSQL(QUEUE_MESSAGE, f"DROP FUNCTION {SIGNATURE}"),
        web_may_call(SIGNATURE),
    ]
