from django.contrib.auth.decorators import permission_required
from django.db import models
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path


class Payslip(models.Model):
    employee = models.ForeignKey("auth.User", on_delete=models.CASCADE)
    amount = models.DecimalField()


@permission_required("payroll.view_payslip")
def payslip(request, pk):
    found = get_object_or_404(Payslip, pk=pk)
    return JsonResponse({"amount": found.amount})


urlpatterns = [path("payslips/<int:pk>/", payslip)]
