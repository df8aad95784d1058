from django.db import migrations, models

from records.walls import ROLE, before_update, web_may_call
from registrations.states import TRANSITIONS

BEFORE = {"registered": ("joined", "withdrawn"), "joined": ("withdrawn",), "withdrawn": ("joined",)}

# Of each source the newest list up to a day; an older one of the same source says nothing any more.
LISTS_ON = """
CREATE FUNCTION registrations_lists_on(on_day date) RETURNS SETOF registrations_personlist LANGUAGE sql STABLE AS $$
  SELECT DISTINCT ON (kind, regency_id, source) * FROM registrations_personlist WHERE day <= on_day
  ORDER BY kind, regency_id, source, day DESC
$$"""
# Web requests see no list. About one person they may know which lists there are for the place and which name the person.
ABOUT = "registrations_lists_about(bytea, integer, date)"
LISTS_ABOUT = """
CREATE FUNCTION registrations_lists_about(own_nik bytea, in_regency integer, on_day date)
RETURNS TABLE (kind varchar, source varchar, day date, listed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT l.kind, l.source, l.day,
         EXISTS (SELECT 1 FROM registrations_listedperson p WHERE p.list_id = l.id AND p.nik_index = own_nik)
  FROM registrations_lists_on(on_day) l WHERE l.regency_id IS NULL OR l.regency_id = in_regency
$$"""
# What the rules took away no request gives back; only the owner's re-check moves people into that state and out of it.
ELIGIBLE = (
    f"CREATE POLICY eligible ON registrations_registration AS RESTRICTIVE FOR UPDATE TO {ROLE}"
    " USING (state <> 'ineligible') WITH CHECK (state <> 'ineligible')"
)
STATES = [
    ("registered", "Registered"),
    ("joined", "Joined"),
    ("withdrawn", "Withdrawn"),
    ("ineligible", "Ineligible"),
]


def transitions(table: dict[str, tuple[str, ...]]) -> migrations.RunSQL:
    return before_update(
        "registrations_registration", "refuse_transition", [f"{old}>{new}" for old in table for new in table[old]]
    )


former = transitions(BEFORE)


class Migration(migrations.Migration):
    dependencies = [("registrations", "0005_messages")]

    operations = [
        migrations.AlterField(
            model_name="registration",
            name="state",
            field=models.CharField(choices=STATES, default="registered", max_length=10),
        ),
        migrations.AlterField(
            model_name="tally", name="state", field=models.CharField(choices=STATES, max_length=10)
        ),
        migrations.AlterField(
            model_name="personlist",
            name="kind",
            field=models.CharField(
                choices=[
                    ("laid_off", "Pekerja terkena PHK"),
                    ("aid_recipient", "Penerima bantuan sosial"),
                    ("cpmi", "Calon pekerja migran (ID Rekom)"),
                    ("in_education", "Sedang bersekolah atau kuliah (Dapodik, EMIS, PDDikti)"),
                    ("excluded", "Pernah menerima Kartu Prakerja atau diblokir"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunSQL(former.reverse_sql, former.sql),
        transitions({old: tuple(sorted(steps)) for old, steps in TRANSITIONS.items()}),
        migrations.RunSQL(ELIGIBLE, "DROP POLICY eligible ON registrations_registration"),
        migrations.RunSQL(LISTS_ON, "DROP FUNCTION registrations_lists_on(date)"),
        migrations.RunSQL(LISTS_ABOUT, f"DROP FUNCTION {ABOUT}"),
        web_may_call(ABOUT),
    ]
