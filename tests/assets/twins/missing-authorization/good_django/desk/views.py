from django.contrib.auth.decorators import permission_required
from django.shortcuts import redirect

from desk.models import Order


@permission_required("desk.delete_order", raise_exception=True)
def delete_order(request, pk):
    if request.method == "POST":
        Order.objects.filter(pk=pk).delete()
    return redirect("/")
