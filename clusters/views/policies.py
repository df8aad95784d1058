"""The rules of the split: what counts, what counted, the examples beside them, and a form that shows before it stores."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.middleware import ScopedRequest, staff
from clusters.forms.formulas import not_countable
from clusters.forms.policies import PolicyForm
from clusters.models import QuotaPolicy
from clusters.policy import SHIPPED, BadRules, Rules, read_rules
from clusters.selectors.demand import current_policy
from clusters.selectors.policies import known_indicators, policy_versions
from clusters.services import policies as services
from clusters.services.examples import Cell, Example, examples, run_example, run_variant
from clusters.views.rules_in_words import Names, bounds_in_words, choosable, differences, formulas_in_words


@require_GET
@staff("planner", "approver", "auditor")
def policy(request: ScopedRequest) -> HttpResponse:
    versions, names = list(policy_versions(request.scope)), known_indicators()
    version, stored = current_policy()
    rules = read_rules(stored)
    return render(
        request,
        "clusters/policy/rules.html",
        {
            "version": version,
            "formulas": formulas_in_words(rules, names),
            "bounds": bounds_in_words(rules),
            "history": _history(versions, names),
            "examples": [_example(case, rules, stored) for case in examples()],
            "may_change": "planner" in request.scope.roles,
        },
    )


@staff("planner")
def policy_edit(request: ScopedRequest) -> HttpResponse:
    """`langkah`: "simpan" stores the next version, "baris" gives room for more of a formula; any other post only shows what the
    rules would do.
    """
    form = _form(request)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    if request.POST.get("langkah") == "baris":
        return _page(request, form)
    if request.POST.get("langkah") != "simpan":
        return _page(request, form, shown=True)
    based_on = _based_on(request)
    try:
        stored = services.store_policy(
            scope=request.scope,
            name=form.cleaned_data["name"],
            rules=form.rules,
            reason=form.cleaned_data["reason"],
            based_on=based_on,
            now=timezone.now(),
        )
    except services.PolicyChanged:
        form = _form(request)
        form.is_valid()
        return _page(request, form, shown=True, status=409)
    except services.SameRules:
        if based_on != current_policy()[0]:
            messages.info(request, _("Aturan ini sudah berlaku. Tidak ada yang disimpan lagi."))
            return redirect("policy")
        form.add_error(None, _("Belum ada aturan yang berubah, jadi tidak ada versi baru. Ubah sesuatu, lalu simpan."))
    except services.NothingSaid as error:
        said = {
            "name": _("Nama versi: isi supaya rekan Anda mengenalinya."),
            "reason": _("Alasan perubahan: isi, karena tersimpan bersama versi ini."),
        }
        form.add_error(error.field, said[error.field])
    except BadRules as error:
        form.add_error(form.field_of(error.field), _refusal(error, form))
    else:
        messages.success(
            request,
            _("Aturan versi %(version)s berlaku. Usulan pembagian baru dihitung bila tempatnya berubah.")
            % {"version": stored.version},
        )
        return redirect("policy")
    return _page(request, form, status=422)


def _form(request: ScopedRequest) -> PolicyForm:
    """On the rules that count now."""
    version, stored = current_policy()
    return PolicyForm(request.POST.dict(), policy=stored, version=version, names=choosable(stored))


def _refusal(error: BadRules, form: PolicyForm) -> str:
    field = form.field_of(error.field)
    label = form.fields[field].label if field else error.field
    if error.code == "unknown_indicator":
        return not_countable(str(label))
    return _("%(field)s: isinya tidak dapat dibaca. Periksa, lalu simpan lagi.") % {"field": label}


def _based_on(request: ScopedRequest) -> int:
    """As the page had it; what is no number is no version."""
    text = request.POST.get("based_on", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _page(request: ScopedRequest, form: PolicyForm, *, shown: bool = False, status: int = 200) -> HttpResponse:
    """`shown`: with what the rules of the form, which is valid, would do. The form goes on from the version that counts now;
    was it made from an older one, the page says so and what differs, before anything is stored.
    """
    stale = "based_on" in request.POST and _based_on(request) != form.version
    return render(
        request,
        "clusters/policy/edit.html",
        {
            "form": form,
            "next": form.version + 1,
            "newest": policy_versions(request.scope).first() if stale else None,
            "preview": _preview(form) if shown else None,
        },
        status=status,
    )


def _preview(form: PolicyForm) -> dict[str, Any]:
    before, after = read_rules(form.policy), read_rules(form.rules)
    changed, unchanged = [], []
    for case in examples():
        old, new = run_example(case, before), run_example(case, after)
        rows = [
            {"cell": cell, "before": was.seats, "change": cell.seats - was.seats}
            for was, cell in zip(old.cells, new.cells, strict=True)
        ]
        if any(row["change"] for row in rows) or (old.unassigned, old.short) != (new.unassigned, new.short):
            changed.append({"case": case, "rows": rows, "old": old, "new": new})
        else:
            unchanged.append(case)
    return {
        "differences": differences(before, after, form.names),
        "changed": changed,
        "unchanged": unchanged,
        "effects": services.effects(rules=form.rules, today=timezone.localdate()),
    }


def _example(case: Example, rules: Rules, stored: Mapping[str, Any]) -> dict[str, Any]:
    outcome, variant = run_example(case, rules), run_variant(case, stored)
    others: Sequence[Cell | None] = variant.cells if variant else [None] * len(outcome.cells)
    return {
        "case": case,
        "outcome": outcome,
        "variant": variant,
        "rows": [
            {"cell": cell, "variant": other and other.seats} for cell, other in zip(outcome.cells, others, strict=True)
        ],
    }


def _history(versions: Sequence[QuotaPolicy], names: Names) -> list[dict[str, Any]]:
    """Highest first, each with what it changed; the rules that ship are where it began."""
    earlier = [version.rules for version in versions[1:]] + [SHIPPED]
    return [
        {"policy": version, "differences": differences(read_rules(before), read_rules(version.rules), names)}
        for version, before in zip(versions, earlier if versions else [], strict=True)
    ]
