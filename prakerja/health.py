from django.db import connection
from django.http import HttpRequest, JsonResponse

from accounts.middleware import outside_scope


@outside_scope
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; what watches the portal asks here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
