"""What every page owes its reader, whoever that is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}
LANGUAGES = ("id", "en")

OUR_FORMS = "form[method=post]:not(#changelist-form, [id$=_form])"  # not those of the admin, where some only show
# a link that looks like the button sends nothing; a search field sends by itself
MUTE_FORMS = """all => all.filter(form => ![...form.elements].some(field => ["submit", "search"].includes(field.type)))
    .map(form => form.getAttribute("action"))"""

_axe = Axe()


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands: forms nothing can send, and, at both sizes, axe's violations and anything
    wider than the screen.
    """
    found = [f"{page.url}: no button sends {form}" for form in page.eval_on_selector_all(OUR_FORMS, MUTE_FORMS)]
    for size in (PHONE, DESK):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        at = f"{page.url} {page.locator('html').get_attribute('lang')} {size['width']}"
        for violation in _axe.run(page).response["violations"]:
            where = [str(node["target"]) for node in violation["nodes"][:3]]
            found.append(f"{at}: {violation['id']}: {violation['help']}: {' '.join(where)}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{at}: {wide} px wider than the screen")
    return found


def in_language(page: Page, language: str) -> None:
    """From the next page on, this reader reads this language."""
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
