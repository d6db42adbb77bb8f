"""The description of the API, the page that shows it, and the answer to an address nobody knows."""

from __future__ import annotations

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from servicedesk import problem

schema = cache_page(600)(SpectacularAPIView.as_view())
# the scripts stay strict: this page's own styles and icons need no more
docs = csp_update({"style-src": [UNSAFE_INLINE], "img-src": ["data:"]})(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))


@csrf_exempt
@login_not_required
def unknown(request: HttpRequest, path: str) -> HttpResponse:
    return problem.answer(404, _('There is no such address. Paths end in "/"; /api/schema/ lists them.'))
