from __future__ import annotations

from django.urls import path

from servicedesk.directory.views import signin

urlpatterns = [
    path("login/", signin.SignIn.as_view(), name="login"),
    path("logout/", signin.SignOut.as_view(), name="logout"),
]
