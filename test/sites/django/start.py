"""Makes the site's database with its two users, then serves: `start.py PORT`. Users, groups: as JSON in SITE_USERS."""

import json
import os
import sys

import django
from django.core.management import call_command

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'
django.setup()
call_command('migrate', verbosity=0)

from django.contrib.auth.models import Group, User  # noqa: E402 - after setup

for name, person in json.loads(os.environ['SITE_USERS']).items():
    user = User.objects.create_user(name, password=person['password'])
    for group in person['groups']:
        user.groups.add(Group.objects.get_or_create(name=group)[0])

call_command('runserver', f'127.0.0.1:{sys.argv[1]}', use_reloader=False)
