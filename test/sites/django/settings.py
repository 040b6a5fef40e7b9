"""A Django site as an operator wrote it, before Latchkey: its own login, sessions and users."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent

SECRET_KEY = 'of a site that lives for one test'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
ROOT_URLCONF = 'urls'
INSTALLED_APPS = [
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
]
MIDDLEWARE = [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
]
TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'DIRS': [BASE_DIR / 'templates'],
        'OPTIONS': {'context_processors': ['django.contrib.auth.context_processors.auth']},
    },
]
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.environ['SITE_DATABASE']}}
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
LOGIN_REDIRECT_URL = '/gallery/'
LOGOUT_REDIRECT_URL = '/gallery/'
USE_TZ = True

# For Latchkey (latchkey.py): where it is told that somebody has signed out. Empty: it is not told.
LATCHKEY_HOOK_URL = os.environ.get('SITE_HOOK_URL', '')
LATCHKEY_HOOK_SECRET = os.environ.get('SITE_HOOK_SECRET', '')
