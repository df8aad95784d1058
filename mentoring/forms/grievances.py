"""Answering an appeal or a complaint, handing it on, and the queue's filters."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mentoring.selectors.grievances import GROUPS
from training.forms.grievances import long_text
from training.models.grievances import KIND_WORDS, VERDICT_WORDS


class QueueForm(forms.Form):
    """Filters and place of the queue, from the address. Whatever is not one of them is an error, not a wider list."""

    kelompok = forms.ChoiceField(required=False, choices=[(group, group) for group in GROUPS])
    jenis = forms.ChoiceField(required=False, choices=KIND_WORDS.items())
    sesudah = forms.UUIDField(required=False)


class AnswerForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("Putusan"),
        choices=VERDICT_WORDS.items(),
        widget=forms.RadioSelect,
        error_messages={"required": _("Pilih dikabulkan atau ditolak.")},
    )
    text = long_text(
        _("Jawaban dan alasannya"),
        _("Dibaca pengadu apa adanya: apa yang Anda periksa, apa hasilnya, dan apa yang terjadi sekarang."),
        _("Tulis jawaban Anda dan alasannya."),
    )


class ForwardForm(forms.Form):
    note = long_text(
        _("Mengapa provinsi yang harus memutus"),
        _("Dibaca pengadu dan provinsi."),
        _("Tulis mengapa kantor tidak dapat memutusnya."),
    )
