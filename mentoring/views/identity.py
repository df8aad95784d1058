"""What the office decides about a person whose data did not match the civil registry's."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.middleware import ScopedRequest, staff
from mentoring.forms.people import RevealForm, SightForm
from mentoring.views.office import OFFICE, person_page
from registrations.models import IdentityCheck
from registrations.services.sighting import DecidedMeanwhile, ask_again, confirm, give_back, sight


@staff(*OFFICE)
@never_cache
@require_POST
def decide_identity(request: ScopedRequest, registration_id: UUID) -> HttpResponse:
    """One `step`: "confirm", "give_back" or "ask_again"; any other is the form of somebody who has seen the papers."""
    decision: dict[str, Any] = {"scope": request.scope, "registration_id": registration_id, "now": timezone.now()}
    try:
        match request.POST.get("step"):
            case "confirm":
                confirm(**decision, shown=request.POST.get("shown", ""))
            case "give_back":
                give_back(**decision)
            case "ask_again":
                ask_again(**decision)
            case _:
                form = SightForm(request.POST, auto_id="sight_%s")
                if not form.is_valid():
                    reveal_form = RevealForm(auto_id="reveal_%s")
                    return person_page(request, registration_id, reveal_form, status=422, sight_form=form)
                sight(**decision, reason=form.cleaned_data["reason"])
    except IdentityCheck.DoesNotExist as error:
        raise Http404 from error
    except PermissionDenied:
        messages.error(request, _("Anda sendiri yang melihat KTP ini. Minta rekan lain di kantor Anda mengesahkannya."))
    except DecidedMeanwhile:
        messages.error(request, _("Keadaannya baru saja berubah. Periksa lagi di bawah sebelum memutuskan."))
    return redirect("person", registration_id)
