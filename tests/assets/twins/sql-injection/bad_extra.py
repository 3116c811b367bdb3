from desk.models import Order


def search(request):
    name = request.GET["name"]
    return Order.objects.extra(where=[f"customer = '{name}'"])  # FINDING
