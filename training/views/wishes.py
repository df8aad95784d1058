"""Choosing classes at /daftar/kelas/."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.middleware import ScopedRequest
from clusters.models import Wave
from registrations.models import Registration
from training.forms.wishes import WishesForm
from training.models import WishList
from training.selectors.status import own_registrations, wishes_of
from training.selectors.wishes import classes_for
from training.services.wishes import WishesClosed, WrongClass, choose_classes


def wishes(request: ScopedRequest) -> HttpResponse:
    """The person's list of wishes, open while the wave is."""
    registrations = list(own_registrations(request.scope)) if request.scope.applicant_id else []
    if not registrations:
        return redirect("status")
    registration = next((r for r in registrations if r.wave.state == Wave.State.OPEN), registrations[0])
    if registration.state == Registration.State.INELIGIBLE:
        return redirect("status")  # it says why
    takes_wishes = registration.wave.state == Wave.State.OPEN and registration.state == Registration.State.JOINED
    if not takes_wishes:
        return render(
            request, "training/wishes_closed.html", {"registration": registration, "current_wave": registration.wave}
        )
    classes = list(classes_for(registration).select_related("programme", "provider", "cluster"))
    chosen = wishes_of(registration, request.scope)
    initial: dict[str, object] = {f"wish_{wish.rank}": str(wish.training_class_id) for wish in chosen}
    initial["strict"] = WishList.objects.within(request.scope).filter(registration=registration, strict=True).exists()
    form = WishesForm(request.POST or None, classes=classes, initial=initial)
    if form.is_valid():
        try:
            choose_classes(
                scope=request.scope,
                registration_id=registration.pk,
                class_ids=form.class_ids(),
                strict=form.cleaned_data["strict"],
                now=timezone.now(),
            )
        except WrongClass:
            form.add_error(None, _("Salah satu kelas tidak lagi tersedia untuk Anda. Periksa pilihan Anda."))
        except WishesClosed:
            return redirect("wishes")
        else:
            messages.success(request, _("Pilihan kelas tersimpan. Anda boleh mengubahnya sampai pendaftaran ditutup."))
            return redirect("status")
    return render(
        request,
        "training/wishes.html",
        {"form": form, "classes": classes, "registration": registration, "current_wave": registration.wave},
    )
