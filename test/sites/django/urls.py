from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import TemplateView

from latchkey import whoami

urlpatterns = [
    path('accounts/login/', LoginView.as_view()),
    path('accounts/logout/', LogoutView.as_view()),
    path('gallery/', TemplateView.as_view(template_name='gallery.html')),
    path('whoami/', whoami),
]
