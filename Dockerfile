# One image for web, worker, beat and migrations; docker-compose.yml says which command runs.
FROM python:3.11-slim AS build
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 prakerja
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PRAKERJA_ENV=production STATIC_ROOT=/srv/static
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
