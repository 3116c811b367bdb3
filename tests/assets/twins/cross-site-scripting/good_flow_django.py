from django.http import HttpResponse
from django.utils.html import escape, format_html


def hello(request):
    return HttpResponse("<h1>" + escape(request.GET.get("name", "")) + "</h1>")


def label(request):
    return format_html("<b>{}</b>", request.POST["label"])
