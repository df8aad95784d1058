"""PostgreSQL and Valkey out of pip wheels, for development and tests, and the launcher behind `make up`.

Standard library only, except in `launcher`: starting the servers costs no import of Django. Linux and macOS.
"""
