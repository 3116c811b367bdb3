from django.http import JsonResponse
import json

from .models import Person


def create(request):
    person = Person.objects.create(**json.loads(request.body))  # FINDING
    return JsonResponse({"id": person.id})
