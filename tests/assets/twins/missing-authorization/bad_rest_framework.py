from rest_framework import viewsets

from desk.models import Payout
from desk.serializers import PayoutSerializer


class PayoutViewSet(viewsets.ModelViewSet):
    queryset = Payout.objects.all()
    serializer_class = PayoutSerializer

    def create(self, request):  # FINDING
        return Payout.objects.create(amount=request.data["amount"])
