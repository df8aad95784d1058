# Two images: `pgbouncer`, and `portal` for web, workers, beat and migrations; docker-compose.yml says which command runs.
FROM debian:bookworm-slim AS pgbouncer
RUN apt-get update && apt-get install --yes --no-install-recommends pgbouncer postgresql-client && rm -rf /var/lib/apt/lists/*
USER postgres
# The password comes as a file when the container starts: it is in no image and no listing.
ENTRYPOINT ["sh", "-euc", "umask 077; printf '\"prakerja\" \"%s\"\\n' \"$(cat /run/secrets/postgres_password)\" >/tmp/users.txt; exec pgbouncer /etc/pgbouncer/pgbouncer.ini"]

FROM python:3.11-slim AS build
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim AS portal
# pg_dump and pg_restore of the server's version, for `manage.py backup` and `restore`
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-common ca-certificates && \
    /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y && \
    apt-get install --yes --no-install-recommends postgresql-client-18 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 prakerja
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PRAKERJA_ENV=production STATIC_ROOT=/srv/static
COPY --from=build /venv /venv
WORKDIR /srv/portal
COPY . .
# Static files are compressed and named after their content here; the keys of this step never reach the image.
RUN --mount=type=tmpfs,target=/tmp \
    python -m prakerja.embedded keys /tmp/keys.json && \
    PRAKERJA_KEYS=/tmp/keys.json DATABASE_URL=postgres://nobody@localhost/nothing REDIS_URL=redis://localhost/0 \
    ALLOWED_HOSTS=localhost python manage.py collectstatic --noinput
USER prakerja
EXPOSE 8000
