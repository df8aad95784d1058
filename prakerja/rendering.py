"""How forms become HTML: the portal's own field and form components, found through TEMPLATES."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Renders `{{ form }}` and `{{ field.as_field_group }}`: label, hint, error and control tied together.

    Set as FORM_RENDERER; needs "django.forms" in INSTALLED_APPS, since widget templates not found in the
    project's own folder come from there.
    """

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
