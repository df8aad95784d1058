"""The portal: settings, addresses, the scope of each request, landing and help, rehearsal."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prakerja.settings")
