#!/bin/sh
# No superuser, as in development: row-level security must hold for the portal's own role.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v password="$(cat /run/secrets/postgres_password)" <<'SQL'
CREATE ROLE prakerja LOGIN CREATEROLE CREATEDB PASSWORD :'password';
CREATE DATABASE prakerja OWNER prakerja;
SQL
