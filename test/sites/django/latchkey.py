"""All that a Django site adds for Latchkey: a view that answers who is signed in, and the sign-out hook."""

import json
import logging
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.http import JsonResponse
from django.views.decorators.cache import never_cache

HOOK_SECONDS = 2


@never_cache
def whoami(request):
    if not request.user.is_authenticated:
        return JsonResponse({'user': None})
    groups = request.user.groups.values_list('name', flat=True)
    return JsonResponse({'user': request.user.get_username(), 'groups': list(groups)})


@receiver(user_logged_out)
def end_session(request, **_):
    cookie = request.META.get('HTTP_COOKIE', '')
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    # Django sends the signal before it ends the session; it must be over when Latchkey asks again.
    request.session.flush()
    transaction.on_commit(lambda: tell({'cookie': cookie}))


def tell(ended):
    if not settings.LATCHKEY_HOOK_URL:
        return
    headers = {
        'Authorization': f'Bearer {settings.LATCHKEY_HOOK_SECRET}',
        'Content-Type': 'application/json',
    }
    try:
        urlopen(Request(settings.LATCHKEY_HOOK_URL, json.dumps(ended).encode(), headers), timeout=HOOK_SECONDS)
    except OSError:
        logging.exception('Latchkey was not told: the session ends after LATCHKEY_SESSION_KEPT_MS')
