from django.shortcuts import redirect

from desk.models import Order


def delete_order(request, pk):  # FINDING
    if request.method == "POST":
        Order.objects.filter(pk=pk).delete()
    return redirect("/")
