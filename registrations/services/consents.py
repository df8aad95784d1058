"""Which consent text is in force. Texts stand in templates/registrations/consent/<version>.html and never change."""

CONSENT_VERSION = "2026-11"
ASSISTANCE_VERSION = "2026-11-assistance"  # read aloud before an office fills in for somebody
