from django.db import connection
from django.http import JsonResponse


def people(request):
    name = request.GET.get("name")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people WHERE name = %s", [name])
        return JsonResponse({"rows": cursor.fetchall()})
