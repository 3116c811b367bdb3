from django.conf import settings
from django.http import HttpResponse, HttpResponseForbidden


def hook(request):
    kind = request.headers.get("X-Kind")
    if kind == settings.HOOK_KIND:
        return HttpResponse("ok")
    return HttpResponseForbidden()
