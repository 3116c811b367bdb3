from rest_framework import viewsets
from rest_framework.permissions import IsAdminUser

from desk.models import Payout
from desk.serializers import PayoutSerializer


class PayoutViewSet(viewsets.ModelViewSet):
    queryset = Payout.objects.all()
    serializer_class = PayoutSerializer
    permission_classes = [IsAdminUser]

    def create(self, request):
        return Payout.objects.create(amount=request.data["amount"])
