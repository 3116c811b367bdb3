from desk.models import Order


def search(request):
    query = "SELECT * FROM orders WHERE customer = %s"
    return Order.objects.raw(query, [request.GET["name"]])
