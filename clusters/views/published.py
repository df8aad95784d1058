"""Files of a published split, all from one content, and the program that recomputes it."""

import json
from pathlib import Path
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from accounts.middleware import ScopedRequest
from accounts.scope import NOBODY
from clusters import recompute_split
from clusters.models import QuotaSplit, Wave
from clusters.selectors.published import COLUMNS, Content, published_content, table_of
from clusters.selectors.quota import splits_of
from clusters.services.annex import annex_pdf
from records.services.exports import FORMS, WRITERS

SCRIPT = Path(recompute_split.__file__)


def version_asked_for(wave: Wave, version: str | None) -> tuple[QuotaSplit | None, list[QuotaSplit]]:
    """The version asked for, or the one in force, and all published ones: the same for everybody."""
    versions = splits_of(wave, scope=NOBODY)
    if not version:
        return next(iter(versions), None), versions
    for split in versions:
        if str(split.version) == version:
            return split, versions
    raise Http404


def _content(request: ScopedRequest, wave: str) -> Content:
    found = get_object_or_404(Wave.objects.within(request.scope).select_related("decision"), slug=wave)
    split, _versions = version_asked_for(found, request.GET.get("versi"))
    if split is None:
        raise Http404
    split.wave = found
    return published_content(split)


def _name(content: Content) -> str:
    return f"kuota-{content['wave']}-v{content['version']}"


def _file(content: bytes, *, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _table(request: ScopedRequest, wave: str, form: str) -> HttpResponse:
    content = _content(request, wave)
    table = b"".join(WRITERS[form](COLUMNS, table_of(content)))
    return _file(table, name=f"{_name(content)}.{form}", kind=FORMS[form])


@require_GET
def quota_csv(request: ScopedRequest, wave: str) -> HttpResponse:
    """The page's numbers with all that is needed to recompute them."""
    return _table(request, wave, "csv")


@require_GET
def quota_xlsx(request: ScopedRequest, wave: str) -> HttpResponse:
    """The same table as a workbook."""
    return _table(request, wave, "xlsx")


@require_GET
def quota_json(request: ScopedRequest, wave: str) -> HttpResponse:
    """Everything, down to the source of each figure; what quota_script reads."""
    content: dict[str, Any] = _content(request, wave)
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return _file(text.encode(), name=f"{_name(content)}.json", kind="application/json")


@require_GET
def quota_pdf(request: ScopedRequest, wave: str) -> HttpResponse:
    """The annex to a decree."""
    content = _content(request, wave)
    return _file(annex_pdf(content), name=f"{_name(content)}.pdf", kind="application/pdf")


@require_GET
def quota_script(request: ScopedRequest) -> HttpResponse:
    """The stand-alone program that recomputes a split from its JSON file."""
    return _file(SCRIPT.read_bytes(), name=SCRIPT.name, kind="text/x-python")
