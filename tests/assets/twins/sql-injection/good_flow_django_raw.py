from django.views import View

from .models import Person


class People(View):
    def get(self, request):
        name = request.GET["name"]
        return list(Person.objects.raw("SELECT * FROM person WHERE name = %s", [name]))
