"""Views and forms reach people's rows only through `.within(scope)`: read from their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings

ROOMS = ("prakerja", "mentoring", "training", "registrations", "clusters", "accounts", "records")
WALLED = {model.__name__ for model in apps.get_models() if hasattr(model._default_manager.all(), "within")}
UNSCOPED_MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404"}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            if {"views", "views.py", "api", "api.py", "forms", "forms.py"} & set(path.parts):
                yield path


def unscoped(source: str) -> list[int]:
    """Lines that name a walled model's manager without `.within` next, or hand the model to a shortcut."""
    tree = ast.parse(source)
    scoped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "within"}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if (
                attr in UNSCOPED_MANAGERS and id(node) not in scoped
            ):
                pass
            case ast.Call(func=ast.Name(id=shortcut), args=[ast.Name(id=name), *_]) if shortcut in SHORTCUTS:
                pass
            case _:
                continue
        if name in WALLED:
            found.append(node.lineno)
    return found


def test_no_view_and_no_form_reaches_an_unscoped_manager() -> None:
    paths = list(sources())
    assert len(paths) > 10
    assert {str(path): lines for path in paths if (lines := unscoped(path.read_text()))} == {}


def test_people_and_what_belongs_to_them_are_walled() -> None:
    assert {
        "Applicant",
        "Assistance",
        "Draft",
        "PaperForm",
        "PaperLot",
        "Evidence",
        "EvidenceUpload",
        "Registration",
        "Tally",
        "Wish",
        "Placement",
        "DrawResult",
        "Wave",
        "QuotaSplit",
    } <= WALLED


def test_the_reading_finds_what_it_looks_for() -> None:
    assert unscoped("Registration.objects.filter(pk=1)") == [1]
    assert unscoped("x = 1\nget_object_or_404(Applicant, pk=1)") == [2]
    assert unscoped("Registration._base_manager.all()") == [1]
    assert unscoped("Registration.objects.within(scope).filter(pk=1)\nRegency.objects.all()") == []
