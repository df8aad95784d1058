"""From the upload to the decision and back, with lists of people."""

import pytest
from django.db import connection

from records.fields import BlindIndexField
from records.models import Event, Import, ImportChunk, ImportRow
from records.services import imports
from registrations.models import ListedPerson, PersonList
from tests.factories.imports import LIST, csv_of, decide, nik, receive, undo
from tests.prakerja.database import ask

pytestmark = pytest.mark.django_db


def counts(record: Import) -> tuple[int, int, int, int]:
    return record.new, record.changed, record.duplicate, record.refused


def people() -> list[tuple[str, str, str]]:
    return sorted((p.nik.open(), p.reference, str(p.since or "")) for p in ListedPerson.objects.all())


def test_a_file_is_read_checked_and_taken() -> None:
    record = receive(csv_of([(nik(1), "S/1", "2026-01-31"), (nik(2), "S/2", "31/01/2026"), (nik(3), "", "")]))
    assert (record.state, counts(record)) == ("checked", (3, 0, 0, 0))
    assert ListedPerson.objects.count() == 0
    record = decide(record, "all")
    assert (record.state, record.problem) == ("done", [])
    assert people() == [(nik(1), "S/1", "2026-01-31"), (nik(2), "S/2", "2026-01-31"), (nik(3), "", "")]
    assert ListedPerson.objects.filter(nik_index=BlindIndexField.of("nik", nik(2))).count() == 1
    assert PersonList.objects.get().kind == "laid_off"
    assert not ImportChunk.objects.exists()
    assert not ask("SELECT relname FROM pg_class WHERE relname = %s", f"records_importrow_{record.pk.hex}")
    kinds = Event.objects.filter(subject_id=record.pk).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["import.received", "import.checked", "import.decided_all", "import.applied"]


def test_every_row_gets_its_verdict() -> None:
    decide(receive(csv_of([(nik(1), "S/1", ""), (nik(2), "S/2", ""), (nik(3), "S/3", "")])), "all")
    record = receive(
        csv_of(
            [
                (nik(1), "S/1", ""),  # as stored
                (nik(2), "S/2b", ""),  # changed
                (nik(4), "S/4", ""),  # new
                (nik(4), "S/4", ""),  # repeated: the first counts
                (nik(5), "S/5", ""),  # twice with another content: neither
                (nik(5), "S/5b", ""),
                ("337499", "S/6", ""),
                ("", "S/7", ""),
                (nik(8), "S" * 61, "31/02/2026"),
            ]
        )
    )
    assert counts(record) == (1, 1, 2, 5)
    shown = {verdict: imports.preview(import_id=record.pk, verdict=verdict) for verdict in ImportRow.Verdict.values}
    assert [row.line for row in shown["refused"]] == [6, 7, 8, 9, 10]
    reasons = {row.line: row.reasons for row in shown["refused"]}
    assert reasons[6] == [
        ("NIK", "Data ini sudah ada di baris 7 dengan isi yang berbeda. Sisakan satu baris yang benar.")
    ]
    assert "baris 6" in reasons[7][0][1]
    assert reasons[8] == [("NIK", "NIK harus 16 angka. Yang Anda isi 6 angka.")]
    assert reasons[9] == [("NIK", "Kolom ini wajib diisi.")]
    assert [title for title, _ in reasons[10]] == ["Nomor surat atau ID Rekom", "Sejak tanggal"]
    (changed,) = shown["changed"]
    assert [(cell.text, cell.before) for cell in changed.cells] == [
        ("3374********0003", None),
        ("S/2b", "S/2"),
        ("", None),
    ]
    assert imports.preview(import_id=record.pk, verdict="refused", after=8, limit=1)[0].line == 9


def test_all_means_all_and_good_leaves_the_rest() -> None:
    record = receive(csv_of([(nik(1), "", ""), ("1", "", "")]))
    with pytest.raises(imports.NotAllGood):
        decide(record, "all")
    assert decide(record, "good").state == "done"
    assert [person[0] for person in people()] == [nik(1)]
    headers, rows = imports.refused_rows(import_id=record.pk)
    assert headers[-2:] == ["Baris", "Alasan"]
    assert list(rows) == [["1", "", "", "3", "NIK: NIK harus 16 angka. Yang Anda isi 1 angka."]]


def test_nothing_leaves_nothing() -> None:
    record = decide(receive(csv_of([(nik(1), "", "")])), "nothing")
    assert record.state == "discarded"
    assert not PersonList.objects.exists()
    assert not ImportChunk.objects.exists()
    with pytest.raises(imports.WrongState):
        decide(record, "all")


def test_staging_and_pieces_hold_no_plain_nik() -> None:
    record = receive(csv_of([(nik(1), "", ""), (nik(2) + "9", "", "")]))
    rows = str(ask("SELECT * FROM records_importrow WHERE import_id = %s", record.pk))
    pieces = b"".join(bytes(chunk.data) for chunk in ImportChunk.objects.all())
    for number in (nik(1), nik(2)):
        assert number not in rows
        assert number.encode() not in pieces


def test_undo_restores_exactly() -> None:
    decide(receive(csv_of([(nik(1), "S/1", ""), (nik(2), "S/2", "")])), "all")
    digest = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM registrations_listedperson t"
    before = ask(digest)
    record = decide(receive(csv_of([(nik(1), "S/1b", "2026-01-01"), (nik(3), "", ""), (nik(4), "", "")])), "all")
    assert ask(digest) != before
    assert undo(record).state == "undone"
    assert ask(digest) == before
    assert PersonList.objects.count() == 1


def test_undo_takes_its_own_list_along() -> None:
    assert undo(decide(receive(csv_of([(nik(1), "", "")])), "all")).state == "undone"
    assert not PersonList.objects.exists()


def test_undo_is_refused_once_a_row_was_changed() -> None:
    record = decide(receive(csv_of([(nik(1), "S/1", ""), (nik(2), "S/2", "")])), "all")
    ListedPerson.objects.filter(reference="S/2").update(reference="S/2")
    record = undo(record)
    assert record.state == "done"
    assert imports.problem_of(record) == "Tidak dapat dibatalkan: 1 baris sudah diubah atau dihapus sejak impor."
    assert len(people()) == 2


def test_undo_is_refused_while_a_row_is_referred_to() -> None:
    record = decide(receive(csv_of([(nik(1), "S/1", ""), (nik(2), "S/2", "")])), "all")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE uses (person uuid REFERENCES registrations_listedperson DEFERRABLE INITIALLY DEFERRED);"
            "INSERT INTO uses SELECT id FROM registrations_listedperson LIMIT 1"
        )
    record = undo(record)
    assert record.state == "done"
    assert imports.problem_of(record) == "Tidak dapat dibatalkan: baris dari impor ini sudah dipakai (uses)."
    assert len(people()) == 2


def test_what_was_shown_is_what_is_done() -> None:
    first, second = (receive(csv_of([(nik(1), reference, "")])) for reference in ("S/1", "S/2"))
    decide(first, "all")
    second = decide(second, "all")
    assert (second.state, counts(second)) == ("checked", (0, 1, 0, 0))
    assert imports.problem_of(second).startswith("Data portal berubah")
    assert decide(second, "all").state == "done"
    assert [person[1] for person in people()] == ["S/2"]


def test_a_mapping_is_asked_for_and_remembered() -> None:
    record = receive(csv_of([(nik(1), "S/1")], header="Identitas,Surat"))
    assert (record.state, record.headers) == ("received", ["Identitas", "Surat"])
    now, who = record.created_at, {"actor_id": record.asked_by_id, "actor_role": "mentor"}
    with pytest.raises(imports.MappingIncomplete) as error:
        imports.set_mapping(**who, import_id=record.pk, mapping={"reference": "Surat"}, now=now)
    assert error.value.columns == ["NIK"]
    imports.set_mapping(**who, import_id=record.pk, mapping={"nik": "Identitas", "reference": "Surat"}, now=now)
    record = receive(csv_of([(nik(2), "S/2")], header="Identitas,Surat"))
    assert (record.state, record.mapping) == ("checked", {"nik": "Identitas", "reference": "Surat"})
    other = receive(csv_of([(nik(2), "S/2")], header="Identitas,Surat"), regency_id=3301)
    assert other.state == "received"


def test_a_column_that_the_file_lacks_keeps_what_is_stored() -> None:
    decide(receive(csv_of([(nik(1), "S/1", "2026-01-31")])), "all")
    record = receive(csv_of([(nik(1), "S/1")], header="NIK,Nomor surat"))
    assert counts(record) == (0, 0, 1, 0)
    decide(receive(csv_of([(nik(1), "S/9")], header="NIK,Nomor surat")), "all")
    assert people() == [(nik(1), "S/9", "2026-01-31")]


@pytest.mark.parametrize("content", [b"NIK\n", b"NIK\n\xff\xfe\x00\n", b'NIK\n"3374\n'])
def test_a_file_that_cannot_be_read_ends_the_import(content: bytes) -> None:
    record = receive(content)
    assert record.state == "failed"
    assert imports.problem_of(record)
    assert not ImportChunk.objects.exists()


def test_a_restarted_database_makes_the_file_be_read_again() -> None:
    record = receive(csv_of([(nik(1), "", ""), (nik(2), "", "")]))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE records_importrow_{record.pk.hex}")  # what a crash does to an unlogged table
    record = decide(record, "all")
    assert (record.state, counts(record)) == ("checked", (2, 0, 0, 0))
    assert decide(record, "all").state == "done"
    assert len(people()) == 2


def test_lists_of_other_days_and_offices_stand_apart() -> None:
    for over in ({}, {"regency_id": None}, {"options": LIST | {"day": "2026-11-01"}}):
        record = decide(receive(csv_of([(nik(1), "", "")]), **over), "all")
        assert counts(record) == (1, 0, 0, 0)
    assert PersonList.objects.count() == 3
