from rest_framework.decorators import api_view
from rest_framework.response import Response
from django.db import connection


@api_view(["POST"])
def find(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people WHERE name = %s", [request.data["name"]])
        return Response({"rows": cursor.fetchall()})
