"""E-mail by Django's mail: SMTP, or a provider's interface through django-anymail."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.module_loading import import_string

from records.gateways.base import Letter, NotConfigured, Refused, Unavailable, Uncertain


class Mail:
    is_free = False

    def __init__(self, backend: str) -> None:
        try:
            import_string(backend)
        except ImportError as error:
            raise NotConfigured(f"MESSAGE_GATEWAYS: there is no mail backend {backend}") from error
        self._backend = backend
        self.name = f"mail:{backend.split('.')[-2]}"

    def send(self, letter: Letter) -> str:
        """The Message-ID is the letter's reference, the same in every attempt."""
        message_id = f"<{letter.reference}@{settings.DEFAULT_FROM_EMAIL.partition('@')[2].rstrip('>')}>"
        mail = EmailMessage(
            letter.subject,
            letter.body,
            settings.DEFAULT_FROM_EMAIL,
            [letter.address],
            headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
            connection=get_connection(self._backend),
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise (Refused if all(code >= 500 for code in codes) else Unavailable)(f"SMTP {codes}") from None
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            raise Uncertain(type(error).__name__) from None
        except Exception as error:  # anymail and each of its providers have classes of their own
            raise Unavailable(type(error).__name__) from None
        return message_id
