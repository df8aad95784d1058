"""What operators see of the machinery, and the base of every page of the admin.

An operator has no person's row: every request is the web role's, under the policies of the tables that stand here. Nothing
is deleted. A change leaves an event with the names of fields, never their values.
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from records.models import Event, Job, MessageTemplate
from records.services.jobs import request_job
from records.services.log import record_event
from records.services.messages.templates import (
    ChangedMeanwhile,
    TextTooLong,
    WrongPlaceholders,
    catalogue,
    change_template,
    check_text,
    preview,
)
from records.tasks import start_on_commit

PAGE = 50
LANGUAGES = {"id": gettext_lazy("Bahasa Indonesia"), "en": gettext_lazy("Bahasa Inggris")}


def subject_of(instance: models.Model) -> UUID:
    """The row's identifier in the event log, which knows UUIDs only."""
    return (
        instance.pk if isinstance(instance.pk, UUID) else uuid5(NAMESPACE_URL, f"{instance._meta.label}/{instance.pk}")
    )


class PortalAdmin(ModelAdmin):
    """Rights come from the request's scope: who is none of `readers` and `writers` does not see the model."""

    readers: ClassVar[frozenset[str]] = frozenset()
    writers: ClassVar[frozenset[str]] = frozenset({"operator"})
    list_per_page = PAGE
    show_full_result_count = False
    view_on_site = False

    def has_view_permission(self, request: Any, obj: models.Model | None = None) -> bool:
        return bool(request.scope.roles & (self.readers | {"operator"}))

    def has_change_permission(self, request: Any, obj: models.Model | None = None) -> bool:
        return bool(request.scope.roles & self.writers)

    def has_add_permission(self, request: Any) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: Any, obj: models.Model | None = None) -> bool:
        return False

    def has_module_permission(self, request: Any) -> bool:
        return self.has_view_permission(request)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def construct_change_message(
        self, request: Any, form: forms.BaseForm, formsets: Any, add: bool = False
    ) -> list[str]:
        return [] if add else list(form.changed_data)

    def log_addition(self, request: Any, obj: models.Model, message: Any) -> None:
        self.record(request, "admin.added", obj)

    def log_change(self, request: Any, obj: models.Model, message: Sequence[str]) -> None:
        if message:
            self.record(request, "admin.changed", obj, message)

    def record(self, request: Any, kind: str, obj: models.Model, fields: Sequence[str] = ()) -> None:
        record_event(
            kind=kind,
            actor_id=request.scope.user_id,
            actor_role=request.scope.actor_role,
            subject_type=obj._meta.label_lower[:40],
            subject_id=subject_of(obj),
            fields=fields,
            at=timezone.now(),
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Who changed which fields when, from the event log."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        words = {
            "admin.added": _("Ditambahkan"), "admin.changed": _("Diubah"), "admin.retried": _("Dicoba lagi"),
        }  # fmt: skip
        events = Event.objects.filter(subject_id=subject_of(obj), kind__startswith="admin.").order_by("-at")
        lines = [
            {
                "action_time": at,
                "user": {"get_username": name or "–"},
                "get_change_message": " ".join([str(words.get(kind, kind)), ", ".join(self._labels(fields))]),
            }
            for at, name, kind, fields in events.values_list("at", "actor__name", "kind", "fields")
        ]
        page = Paginator(lines, PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Riwayat: %s") % obj,
            "action_list": page,
            "page_range": page.paginator.get_elided_page_range(page.number),
            "page_var": "p",
            "pagination_required": page.paginator.num_pages > 1,
            "module_name": str(self.opts.verbose_name_plural),
            "object": obj,
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/object_history.html", context)

    def _labels(self, fields: Sequence[str]) -> list[str]:
        known = {field.name: str(getattr(field, "verbose_name", field.name)) for field in self.opts.get_fields()}
        return [known.get(name, name) for name in fields]


class ReadOnlyAdmin(PortalAdmin):
    """Seen, and changed elsewhere or never."""

    writers = frozenset()


class JobAdmin(ReadOnlyAdmin):
    """Work for the worker: what became of it, why it failed, and once more."""

    list_display = ("task", "shown_state", "attempt", "created_at", "finished_at", "short_error")
    list_filter = ("state", "task")
    ordering = ("-created_at",)
    fields = ("task", "state", "attempt", "created_at", "started_at", "finished_at", "lease_until", "error")
    actions_detail: ClassVar = ["retry"]

    @display(description=gettext_lazy("Keadaan"), label={"done": "success", "failed": "danger", "running": "info"})
    def shown_state(self, job: Job) -> tuple[str, str]:
        words = {"queued": _("Antre"), "running": _("Berjalan"), "done": _("Selesai"), "failed": _("Gagal")}
        return job.state, words[job.state]

    @display(description=gettext_lazy("Mengapa gagal"))
    def short_error(self, job: Job) -> str:
        return job.error[:80]

    @action(description=gettext_lazy("Coba lagi"), url_path="coba-lagi", permissions=["retry"])
    def retry(self, request: Any, object_id: str) -> HttpResponse:
        """Ask for a failed job's work again, as a new job; a POST, because it changes something."""
        here = reverse("admin:records_job_change", args=[object_id])
        job = self.get_object(request, object_id)
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if request.method != "POST":
            return TemplateResponse(
                request,
                "admin/retry_job.html",
                {**self.admin_site.each_context(request), "title": _("Coba lagi"), "job": job, "opts": self.opts},
            )
        if job.state != Job.State.FAILED:
            messages.error(request, _("Hanya pekerjaan yang gagal dapat dicoba lagi."))
            return redirect(here)
        again = request_job(task=job.task, key=job.key, payload=job.payload, requested_by=request.scope.user_id)
        start_on_commit(again)
        self.record(request, "admin.retried", job)
        messages.success(request, _("Pekerjaan ini diminta lagi."))
        return redirect("admin:records_job_change", again.pk)

    def has_retry_permission(self, request: Any, object_id: Any = None) -> bool:
        return "operator" in request.scope.roles


class TemplateForm(forms.ModelForm):
    """A text's next version."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = MessageTemplate(
            name=self.instance.name, channel=self.instance.channel, language=self.instance.language,
            subject=data.get("subject", ""), body=data.get("body", ""),
        )  # fmt: skip
        try:
            check_text(text)
        except WrongPlaceholders as error:
            self.add_error("body", _("Isian dalam kurung kurawal harus tepat sama dengan teks semula: %s.") % error)
        except TextTooLong as error:
            self.add_error("body", _("SMS ini lebih dari satu bagian (%s). Persingkat.") % error)
        return data


class MessageTemplateAdmin(PortalAdmin):
    """The texts of messages. Saving makes a new version; messages already promised keep theirs."""

    form = TemplateForm
    list_display = ("name", "channel", "language", "version", "created_at")
    list_filter = ("channel", "language")
    search_fields = ("name", "body")
    fields = ("name", "channel", "language", "version", "subject", "body", "placeholders", "examples")
    readonly_fields = ("name", "channel", "language", "version", "placeholders", "examples")

    def get_queryset(self, request: Any) -> models.QuerySet[MessageTemplate]:
        """The newest version of each text."""
        newest = super().get_queryset(request).order_by("name", "channel", "language", "-version")
        pks = newest.distinct("name", "channel", "language").values("pk")
        return super().get_queryset(request).filter(pk__in=pks).order_by("name", "channel", "language")

    def get_fields(self, request: Any, obj: Any = None) -> Sequence[str]:
        return [name for name in self.fields if name != "subject" or (obj and obj.channel == "email")]

    def has_add_permission(self, request: Any) -> bool:
        return False

    @display(description=gettext_lazy("Isian"))
    def placeholders(self, text: MessageTemplate) -> str:
        examples = catalogue()[text.name]["placeholders"]
        return format_html_join(", ", "{} ({})", ((f"{{{name}}}", value) for name, value in examples.items()))

    @display(description=gettext_lazy("Contoh dalam kedua bahasa"))
    def examples(self, text: MessageTemplate) -> str:
        """As the reader gets it, with the examples of the placeholders."""
        both = self.get_queryset(None).filter(name=text.name, channel=text.channel)
        shown = [(LANGUAGES[each.language], preview(each)) for each in both]
        return format_html_join(
            "",
            "<p><strong>{}</strong> {}</p><p>{}</p>",
            ((language, look.subject, look.body) for language, look in shown),
        )

    def save_model(self, request: Any, obj: MessageTemplate, form: Any, change: bool) -> None:
        """A new version in place of `obj`, which is the newest: another one is found by `get_queryset` no more."""
        try:
            made = change_template(
                author_id=request.scope.user_id,
                template=obj.name,
                channel=obj.channel,
                language=obj.language,
                version=obj.version,
                subject=obj.subject,
                body=obj.body,
                now=timezone.now(),
            )
        except ChangedMeanwhile:
            messages.error(
                request, _("Teks ini diubah orang lain sementara Anda menulis. Perubahan Anda tidak disimpan.")
            )
        else:
            obj.pk, obj.version = made.pk, made.version
