from django.db import connection
from django.views.generic import ListView


class People(ListView):
    def get_queryset(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM people WHERE town = %s", [self.kwargs["town"]])
            return cursor.fetchall()
