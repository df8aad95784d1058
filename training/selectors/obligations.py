"""What keeps a person from being erased now: somebody else's business that still needs to know who they are."""

from uuid import UUID

from django.utils.translation import gettext as _

from clusters.models import Wave
from registrations.models import Registration
from registrations.services.corrections import TAKES_PART
from training.models import Grievance, Placement

UNANNOUNCED = (Wave.State.FROZEN, Wave.State.DRAWN)
UNFROZEN = (Wave.State.OPEN, Wave.State.CLOSED)
OVER = (Wave.State.FINISHED, Wave.State.CANCELLED)


def obligations_of(applicant_id: UUID) -> list[str]:
    """A sentence for each, with what to do; empty when nothing stands in the way."""
    registrations = Registration.objects.filter(applicant_id=applicant_id, state__in=TAKES_PART).select_related("wave")
    said = [
        (
            _("Anda terdaftar di %(wave)s. Undurkan diri dulu di halaman status.")
            if one.wave.state in UNFROZEN
            else _("%(wave)s belum diumumkan. Daftarnya harus tetap sama sampai saat itu.")
        )
        % {"wave": one.wave.name}
        for one in registrations.filter(wave__state__in=[*UNFROZEN, *UNANNOUNCED])
    ]
    places = Placement.objects.filter(applicant_id=applicant_id, state__in=Placement.LIVE)
    if places.exclude(registration__wave__state__in=OVER).exists():
        said.append(_("Anda memegang tempat pelatihan. Kembalikan dulu, atau tunggu sampai pelatihannya selesai."))
    if Grievance.objects.filter(applicant_id=applicant_id, state__in=Grievance.OPEN).exists():
        said.append(_("Sanggahan atau pengaduan Anda belum selesai. Tunggu jawabannya, atau tarik dulu."))
    return said
