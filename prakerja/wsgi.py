from django.core.wsgi import get_wsgi_application

from prakerja.celery import (
    app as celery_app,
)  # the broker's address must be known before a request starts a job

__all__ = ["application", "celery_app"]

application = get_wsgi_application()
