"""A browser that receives pages: added by a press of its owner, and the small program in it that shows them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from notifications import methods
from notifications.forms import BrowserForm
from notifications.models import Channel, ContactMethod
from notifications.views import me
from servicedesk import clock
from servicedesk.directory.access import PersonRequest


@require_POST
def add_browser(request: PersonRequest) -> HttpResponse:
    now = clock.now()
    works = ContactMethod.objects.usable().filter(person=request.user).exists()
    form = BrowserForm(request.POST, person=request.user, is_needed=works, session=request.session)
    if not form.is_valid():
        return me.page(request, now, status=422, browser=form)
    name = methods.browser_name(request.headers.get("User-Agent", ""), form.cleaned_data["subscription"])
    try:
        made = methods.add(request.user, kind=Channel.PUSH, address=name, secret=form.cleaned_data["subscription"], now=now)
        methods.send_test(made, now=now)
        messages.success(request, _("Added. A test with a code appears in this browser; type the code below."))
    except methods.AlreadyThere:
        messages.info(request, _("This browser receives pages already. Send yourself a test."))
    except methods.TooManyTests:
        return me.wait(request)
    return redirect("my_notifications")


@login_not_required  # a browser fetches it anew by itself, signed in or not; it holds nothing of anybody
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its place is its scope: no other page of the desk is under it."""
    answer = render(request, "me/worker.js", content_type="text/javascript; charset=utf-8")
    patch_cache_control(answer, no_cache=True)
    return answer
