"""Signing in and out."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from grid.accounts.views import Login, demo_login

urlpatterns = [
    path("login/", Login.as_view(), name="login"),
    path("login/demo/", demo_login, name="demo_login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
