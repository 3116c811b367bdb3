from django.conf import settings
from django.http import HttpResponse, HttpResponseForbidden


def hook(request):
    token = request.headers.get("X-Hook")
    if token == settings.HOOK_TOKEN:  # FINDING
        return HttpResponse("ok")
    return HttpResponseForbidden()
