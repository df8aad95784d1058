#!/bin/sh
# Put the passwords, which are files, into the addresses of database and broker, then run the command.
# DATABASE_HOST: pgbouncer:6432 for everything that serves; postgres:5432 for migrations, backup and restore.
set -eu
DATABASE_URL="postgres://prakerja:$(cat /run/secrets/postgres_password)@$DATABASE_HOST/prakerja"
REDIS_URL="redis://:$(cat /run/secrets/redis_password)@redis:6379/0"
export DATABASE_URL REDIS_URL
exec "$@"
