"""What every page of a registration does with what is typed on it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext

from registrations.selectors.places import NOWHERE, Places
from registrations.services.consents import CONSENT_VERSION
from registrations.services.validation import Finding, check, message

DATE_PARTS = ("day", "month", "year")
MOST_TYPED = 600  # characters of one answer, spaces included: a little more than the longest answer that is accepted


class PageForm(forms.Form):
    """One page, filled with what was typed, now or before. Unless `checked`, nothing is said about it yet.

    `known`: the person's own data stand since an earlier wave, so only what may have changed is asked. `correcting`: what is
    registered already is looked through, so everything is asked but what has a page of its own.
    """

    apart: ClassVar[frozenset[str]] = frozenset()  # fields that somebody registered changes on a page of their own
    of_person: ClassVar[frozenset[str]] = frozenset()  # fields that a known person is not asked
    consent_field: ClassVar[str] = ""  # given to the text in force, and asked again when that changes

    def __init__(
        self,
        typed: Mapping[str, str] | None = None,
        *,
        today: date,
        known: bool = False,
        correcting: bool = False,
        checked: bool = True,
    ) -> None:
        if typed and typed.get("consent_text", CONSENT_VERSION) != CONSENT_VERSION:
            typed = {name: answer for name, answer in typed.items() if name != self.consent_field}
        super().__init__(typed)
        self.today, self.checked = today, checked
        self.warnings: list[Finding] = []
        for name in self.apart if correcting else self.of_person if known else ():
            del self.fields[name]

    def full_clean(self) -> None:
        if self.checked:
            super().full_clean()
        else:
            self._errors, self.cleaned_data = ErrorDict(), {}

    def clean(self) -> None:
        values = self.cleaned_data
        for name in [*values]:
            if any(len(answer) > MOST_TYPED for _control, answer in self._answers_to(name)):
                self.add_error(name, gettext("Isian terlalu panjang. Tulis paling banyak %d huruf.") % MOST_TYPED)
        for finding in check(values, places=self.places(), today=self.today):
            if finding.grade == "reject":
                self.add_error(finding.field, message(finding, values))
            else:
                self.warnings.append(finding)

    def places(self) -> Places:
        """Those that the answers refer to, as far as they may be checked against them."""
        return NOWHERE

    def typed(self) -> dict[str, str]:
        """What was typed in fields without an error, by the names of their controls: what a draft keeps."""
        kept = {control: answer for name in self.kept() for control, answer in self._answers_to(name)}
        return kept | ({"consent_text": CONSENT_VERSION} if self.consent_field in kept else {})

    def kept(self) -> list[str]:
        return [name for name in self.fields if name not in self.errors]

    def spoken(self) -> Iterator[tuple[forms.BoundField, str, str]]:
        """Each question without an error, a short label, and its answer in words."""
        for name in self.kept():
            field, value = self[name], self.cleaned_data[name]
            label = str(field.label)
            if name == self.consent_field:
                yield field, gettext("Persetujuan"), gettext("Diberikan")
            elif isinstance(field.field, forms.BooleanField | forms.TypedChoiceField):
                yield field, label, gettext("Ya") if value else gettext("Tidak")
            elif isinstance(field.field, forms.ChoiceField):
                words = {str(code): str(word) for code, word in cast(Any, field.field.choices)}
                yield field, label, words[self.data[name]]
            else:
                yield field, label, self.spoken_text(name, value)

    def spoken_text(self, name: str, value: Any) -> str:
        return str(value)

    def _answers_to(self, name: str) -> Iterator[tuple[str, str]]:
        for control in (name, *(f"{name}_{part}" for part in DATE_PARTS)):
            if control in self.data:
                yield control, self.data[control]
