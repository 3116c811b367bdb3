from django.urls import path

from desk import views

urlpatterns = [path("orders/<int:pk>/delete/", views.delete_order)]
