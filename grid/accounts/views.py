"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from grid.accounts.queries import demo_people

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Login(LoginView):
    """The login page; in the demonstration it also offers its people."""

    template_name = "accounts/login.html"
    authentication_form = AuthenticationForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = demo_people() if settings.DEMO else []
        return super().get_context_data(demo_people=people, **kwargs)


@require_POST
@sensitive_post_parameters()
def demo_login(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the people whom the demonstration offers, without a password."""
    if not settings.DEMO:
        raise Http404
    chosen = [each.user for each in demo_people() if each.user.username == request.POST.get("person")]
    if not chosen:
        raise Http404
    login(request, chosen[0], backend=BACKEND)
    return redirect(settings.LOGIN_REDIRECT_URL)
