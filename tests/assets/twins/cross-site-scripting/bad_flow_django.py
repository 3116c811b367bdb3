from django.http import HttpResponse
from django.utils.safestring import mark_safe


def hello(request):
    return HttpResponse("<h1>" + request.GET.get("name", "") + "</h1>")  # FINDING


def label(request):
    return mark_safe("<b>%s</b>" % request.POST["label"])  # FINDING
