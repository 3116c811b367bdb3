from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST


@require_POST
def forgot_password(request):  # FINDING
    return HttpResponse("a mail is on its way")


urlpatterns = [path("forgot/", forgot_password)]
