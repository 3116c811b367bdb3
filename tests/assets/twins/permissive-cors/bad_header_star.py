from django.http import JsonResponse


def report(request):
    response = JsonResponse({"total": 3})
    response["Access-Control-Allow-Origin"] = "*"  # FINDING
    return response
