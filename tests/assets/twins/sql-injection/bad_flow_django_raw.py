from django.views import View

from .models import Person


class People(View):
    def get(self, request):
        name = request.GET["name"]
        return list(Person.objects.raw(f"SELECT * FROM person WHERE name = '{name}'"))  # FINDING
