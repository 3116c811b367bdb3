from rest_framework import viewsets

from desk.models import Payout
from desk.serializers import PayoutSerializer


class PayoutViewSet(viewsets.ModelViewSet):  # FINDING
    queryset = Payout.objects.all()
    serializer_class = PayoutSerializer

    def create(self, request):
        return Payout.objects.create(amount=request.data["amount"])
