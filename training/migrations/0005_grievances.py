import django.db.models.deletion
import records.fields
import records.ids
from django.conf import settings
from django.db import migrations, models

from records.walls import OWN_APPLICANT, OWN_REGENCY, ROLE, SEES_ALL, before_update, never_deleted, touch, wall, web_may
from training.states import GRIEVANCE_TRANSITIONS

GRIEVANCE_SEEN = "EXISTS (SELECT 1 FROM training_grievance g WHERE g.id = grievance_id)"
# Whoever is not registered cannot see their complaint as a web request, yet may hand one in.
ANYBODY = (
    f"CREATE POLICY anybody ON training_grievance FOR INSERT TO {ROLE}"
    " WITH CHECK (applicant_id IS NULL AND state = 'received')"
)
CHANGING = ["state", "verdict", "due_on", "answered_by_id", "second_by_id", "as_of", "updated_at"]


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0005_quota_room"),
        ("registrations", "0005_messages"),
        ("training", "0004_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grievance",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True, db_index=True)),
                ("as_of", models.DateTimeField()),
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=12)),
                ("code_index", records.fields.BlindIndexField(max_length=32, null=True)),
                ("idempotency_key", models.UUIDField()),
                ("kind", models.CharField(choices=[("appeal", "Appeal"), ("complaint", "Complaint")], max_length=10)),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("eligibility", "Eligibility"),
                            ("mismatch", "Mismatch"),
                            ("draw", "Draw"),
                            ("service", "Service"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "claim",
                    models.CharField(blank=True, help_text="a key of training.selectors.effects.CLAIMS", max_length=20),
                ),
                ("language", models.CharField(max_length=5)),
                ("text", records.fields.EncryptedField(aad="training.grievance.text")),
                ("phone", records.fields.EncryptedField(aad="training.grievance.phone", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("working", "Working"),
                            ("answered", "Answered"),
                            ("escalated", "Escalated"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True, choices=[("upheld", "Upheld"), ("rejected", "Rejected")], max_length=8
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "applicant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registrations.applicant",
                    ),
                ),
                (
                    "regency",
                    models.ForeignKey(
                        help_text="whose office answers",
                        on_delete=django.db.models.deletion.PROTECT,
                        to="clusters.regency",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grievances",
                        to="registrations.registration",
                    ),
                ),
                (
                    "second_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GrievanceStep",
            fields=[
                ("id", models.UUIDField(default=records.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("working", "Working"),
                            ("answered", "Answered"),
                            ("escalated", "Escalated"),
                            ("closed", "Closed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True, choices=[("upheld", "Upheld"), ("rejected", "Rejected")], max_length=8
                    ),
                ),
                ("actor_role", models.CharField(max_length=20)),
                ("note", records.fields.EncryptedField(aad="training.grievancestep.note", null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "grievance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="training.grievance"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="grievance",
            index=models.Index(fields=["regency", "state", "due_on", "id"], name="grievance_of_office"),
        ),
        migrations.AddIndex(
            model_name="grievance",
            index=models.Index(fields=["state", "due_on", "id"], name="grievance_due"),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.UniqueConstraint(fields=("number",), name="training_grievance_number"),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.UniqueConstraint(fields=("idempotency_key",), name="training_grievance_idempotency"),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["received", "working", "answered", "escalated"])),
                fields=("registration", "subject"),
                name="training_grievance_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("applicant__isnull", False),
                        ("code_index__isnull", True),
                        ("phone__isnull", True),
                        ("registration__isnull", False),
                    ),
                    models.Q(
                        ("applicant__isnull", True), ("code_index__isnull", False), ("registration__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="training_grievance_asker",
            ),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "complaint"),
                    models.Q(("applicant__isnull", False), ("subject__in", ["eligibility", "mismatch", "draw"])),
                    _connector="OR",
                ),
                name="training_grievance_appeal",
            ),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "answered"), _negated=True),
                    models.Q(("answered_by__isnull", False), models.Q(("verdict", ""), _negated=True)),
                    _connector="OR",
                ),
                name="training_grievance_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(("verdict", ""), _negated=True),
                    _connector="OR",
                ),
                name="training_grievance_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="grievance",
            constraint=models.CheckConstraint(
                condition=models.Q(("answered_by", models.F("second_by")), _negated=True),
                name="training_grievance_two_persons",
            ),
        ),
        web_may("training_grievance", "SELECT, INSERT"),
        web_may("training_grievance", "UPDATE", columns=CHANGING),
        wall(
            "training_grievance",
            f"{SEES_ALL} OR {OWN_REGENCY} OR {OWN_APPLICANT}",
            check=f"(SELECT app_is_province()) OR {OWN_REGENCY} OR {OWN_APPLICANT}",
        ),
        migrations.RunSQL(ANYBODY, "DROP POLICY anybody ON training_grievance"),
        before_update(
            "training_grievance",
            "refuse_transition",
            [f"{old}>{new}" for old in GRIEVANCE_TRANSITIONS for new in sorted(GRIEVANCE_TRANSITIONS[old])],
        ),
        # The ciphertexts may be brought to a new key, here and below; web requests may not write them.
        before_update("training_grievance", "keep_all_but", [*CHANGING, "text", "phone"]),
        before_update("training_grievance", "set_once", ["answered_by_id", "second_by_id"]),
        never_deleted("training_grievance"),
        touch("training_grievance"),
        web_may("training_grievancestep", "SELECT, INSERT"),
        wall(
            "training_grievancestep",
            GRIEVANCE_SEEN,
            check=f"{GRIEVANCE_SEEN} AND actor_id IS NOT DISTINCT FROM (SELECT app_user())",
        ),
        before_update("training_grievancestep", "keep_all_but", ["note"]),
        never_deleted("training_grievancestep"),
    ]
