from django.core.wsgi import get_wsgi_application

from prakerja.checks import refuse_unsafe

application = get_wsgi_application()
refuse_unsafe()
