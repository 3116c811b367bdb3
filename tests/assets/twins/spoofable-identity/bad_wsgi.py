from django.http import HttpResponse


def whoami(request):
    return HttpResponse(request.META["HTTP_REMOTE_USER"])  # FINDING
