"""Deciding whether two registrations are of one person."""

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.models.duplicates import VERDICT_WORDS, DuplicateDecision, DuplicatePair


class PairForm(forms.Form):
    """`shown`: where the pair stood when the page was made; a decision about anything else is refused."""

    verdict = forms.ChoiceField(
        label=_("Putusan"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Pilih satu putusan."), "invalid_choice": _("Pilih satu putusan.")},
    )
    reason = forms.CharField(
        label=_("Alasannya"),
        help_text=_("Apa yang Anda cocokkan, dan dengan siapa Anda bicara. Jangan tulis NIK lengkap."),
        min_length=10,
        max_length=300,
        error_messages={
            "required": _("Tulis alasannya, supaya rekan Anda dapat membacanya kembali."),
            "min_length": _("Tulis alasannya sedikitnya 10 huruf."),
        },
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    shown = forms.ChoiceField(choices=DuplicatePair.Verdict.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, pair: DuplicatePair, typed: object = None) -> None:
        super().__init__(typed, initial={"shown": pair.verdict})  # type: ignore[arg-type]
        verdicts = [code for code in DuplicateDecision.Verdict.values if code != pair.verdict]
        self.fields["verdict"].choices = [  # type: ignore[attr-defined]
            (code, VERDICT_WORDS[code]) for code in verdicts if pair.verdict or code != "undone"
        ]


class PairQueueForm(forms.Form):
    sesudah = forms.UUIDField(required=False)
