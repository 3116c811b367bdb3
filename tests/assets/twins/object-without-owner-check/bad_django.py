from django.contrib.auth.decorators import login_required
from django.db import models
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path


class Payslip(models.Model):
    employee = models.ForeignKey("auth.User", on_delete=models.CASCADE)
    amount = models.DecimalField()


@login_required
def payslip(request, pk):
    found = get_object_or_404(Payslip, pk=pk)  # FINDING
    return JsonResponse({"amount": found.amount})


urlpatterns = [path("payslips/<int:pk>/", payslip)]
