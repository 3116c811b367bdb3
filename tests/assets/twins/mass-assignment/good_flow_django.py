from django.http import JsonResponse
import json

from .models import Person


def create(request):
    person = Person.objects.create(name=json.loads(request.body)["name"])
    return JsonResponse({"id": person.id})
