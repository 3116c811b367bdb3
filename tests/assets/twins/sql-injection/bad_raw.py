from desk.models import Order


def search(request):
    query = "SELECT * FROM orders WHERE customer = '%s'" % request.GET["name"]
    return Order.objects.raw(query)  # FINDING
