from django.shortcuts import redirect


def done(request):
    target = request.GET.get("next", "/")
    if not target.startswith("/"):
        target = "/"
    return redirect(target)  # FINDING
