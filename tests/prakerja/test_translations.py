"""English is complete: every text of the source stands translated in locale/en, and no page mixes the languages."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags
from django.utils.translation.template import templatize

from prakerja.public import PROVINCE_OFFICE
from tests.prakerja.world import World, make_world, routes, visits_of

Key = tuple[str, str]  # context, text

FOLDER = settings.BASE_DIR / "locale/en/LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
CALL = re.compile(r"\b(n?p?gettext|_)\((?=u?['\"])")
STRING = re.compile(r"""\s*u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")\s*,?""", re.DOTALL)
# Words that no Indonesian sentence does without, and that stand in no name of an office, a place or a class.
INDONESIAN = re.compile(
    r"\b(Anda|yang|untuk|tidak|belum|sudah|dengan|dalam|adalah|pada|atau|akan|bila)\b", re.IGNORECASE
)


def _catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="en")


def _key(function: str, texts: list[str]) -> Key:
    """gettext(text), ngettext(one, many), pgettext(context, text), npgettext(context, one, many), lazy or noop."""
    return (texts[0], texts[1]) if "pgettext" in function else ("", texts[0])


def _in_module(source: str) -> Iterator[Key]:
    tree = ast.parse(source)
    names = {"_": "gettext"} if re.search(r"^_ = str\b", source, re.MULTILINE) else {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: alias.name for alias in node.names if "gettext" in alias.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if texts:
                yield _key(names[node.func.id], texts)


def _in_template(source: str) -> Iterator[Key]:
    code = templatize(source)
    for call in CALL.finditer(code):
        texts, at = [], call.end()
        while found := STRING.match(code, at):
            texts.append(ast.literal_eval(found[1]))
            at = found.end()
        yield _key(call[1], texts)


def _marked() -> dict[Key, str]:
    """Every text marked for translation, and a file it stands in."""
    rooms = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    files = [file for folder in (*rooms, settings.BASE_DIR / "templates") for file in sorted(folder.rglob("*"))]
    readers = {".py": _in_module, ".html": _in_template, ".txt": _in_template}
    return {
        key: str(file.relative_to(settings.BASE_DIR))
        for file in files
        if file.suffix in readers
        for key in readers[file.suffix](file.read_text())
    }


def _pairs(message: Message) -> Iterator[tuple[str, str]]:
    if isinstance(message.id, tuple):
        yield from ((message.id[min(form, 1)], text) for form, text in enumerate(message.string))
    else:
        yield message.id, message.string


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [message for message in _catalogue() if message.id]


def test_the_catalogue_holds_exactly_the_texts_of_the_source(messages: list[Message]) -> None:
    known = {_key("pgettext", [m.context or "", m.id[0] if isinstance(m.id, tuple) else m.id]) for m in messages}
    marked = _marked()
    assert {key: marked[key] for key in marked.keys() - known} == {}, "run `make messages`, then translate"
    assert known - marked.keys() == set(), "no longer in the source; run `make messages`"


def test_every_text_is_translated(messages: list[Message]) -> None:
    assert [m.id for m in messages if m.fuzzy or not all(text.strip() for _, text in _pairs(m))] == []
    assert not _catalogue().obsolete


def test_translations_keep_the_placeholders(messages: list[Message]) -> None:
    def kept(source: str, text: str) -> bool:
        return sorted(set(PLACEHOLDER.findall(source))) == sorted(set(PLACEHOLDER.findall(text)))

    assert [source for m in messages for source, text in _pairs(m) if not kept(source, text)] == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue())
    assert (FOLDER / "django.mo").read_bytes() == compiled.getvalue(), "run `make messages`"


def _left_in_indonesian(text: str, pieces: set[str]) -> set[str]:
    sentences = re.split(r"\n+|(?<=[.?!]) ", text)
    return {piece for piece in pieces if piece in text} | {s.strip() for s in sentences if INDONESIAN.search(s)}


def _words(response: HttpResponse) -> str:
    """Without names to choose from, and without messages, which say in their own language what was sent."""
    html = re.sub(r"(?s)<option.*?</option>", "", response.content.decode())
    html = re.sub(r'(?s)<(dd|div|h3|p)\b[^>]* lang="id".*?</\1>', "", html)
    return strip_tags(html)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def test_no_page_in_english_shows_indonesian(world: World, messages: list[Message]) -> None:
    english = " ".join(text for message in messages for _, text in _pairs(message))
    pieces = {p.strip() for m in messages for source, _ in _pairs(m) for p in PLACEHOLDER.split(source)}
    pieces = {piece for piece in pieces if len(piece) > 12 and piece not in english and piece not in PROVINCE_OFFICE}
    left = {}
    for role in ("public", "applicant", "mentor", "planner"):
        client = Client()
        client.cookies.update(world.clients[role].cookies)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        for name, pattern in routes().items():
            for visit in visits_of(world, name, pattern):
                response = client.get(visit.path)
                if response.get("Content-Type", "").startswith("text/html"):
                    left[f"{visit.key} as {role}"] = _left_in_indonesian(_words(response), pieces)
    assert len(left) > 50
    assert {page: found for page, found in left.items() if found} == {}
