"""The labour offices as everybody may look them up."""

from django.db.models import QuerySet

from clusters.models import LabourOffice, Regency


def regencies() -> QuerySet[Regency]:
    """The 35 kabupaten and kota by official code."""
    return Regency.objects.all()


def office_of(regency_id: int) -> LabourOffice | None:
    """The office of a regency, with its regency; fields not yet supplied are empty. None for an unknown code."""
    return LabourOffice.objects.select_related("regency").filter(pk=regency_id).first()
