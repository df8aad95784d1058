"""Migration operations for the second wall: grants and row-level security for the role of web requests.

A table is closed to `portal_web` until `web_may` opens it, a function until `web_may_call` does; a table with people's
rows also gets `wall`.

The scope of a request is the JSON in the setting `app.scope` (see accounts.scope), local to its transaction.
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL

ROLE = "portal_web"

CREATE_ROLE = f"""
DO $$ BEGIN
  CREATE ROLE {ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  EXECUTE format('GRANT {ROLE} TO %I', current_user);
EXCEPTION WHEN insufficient_privilege OR internal_error THEN
  RAISE NOTICE 'An administrator must run: GRANT {ROLE} TO %;', current_user;
END $$;
GRANT USAGE ON SCHEMA public TO {ROLE};
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
"""
FORGET_ROLE = "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC"  # the role belongs to the whole server

# After a reset a custom setting reads '' and not NULL: hence nullif.
CREATE_SCOPE_FUNCTIONS = """
CREATE FUNCTION app_scope() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('app.scope', true), '')::jsonb $$;
CREATE FUNCTION app_sees_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce((app_scope() ->> 'all')::boolean, false) $$;
CREATE FUNCTION app_is_province() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce((app_scope() ->> 'province')::boolean, false) $$;
CREATE FUNCTION app_is_auditor() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce((app_scope() ->> 'auditor')::boolean, false) $$;
CREATE FUNCTION app_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT (app_scope() ->> 'user')::uuid $$;
CREATE FUNCTION app_applicant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT (app_scope() ->> 'applicant')::uuid $$;
CREATE FUNCTION app_regencies() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(array(SELECT jsonb_array_elements_text(app_scope() -> 'regencies')::integer), '{}') $$;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
CREATE FUNCTION keep_all_but() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
    RAISE EXCEPTION 'only % of % may change', array_to_string(TG_ARGV, ', '), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION set_once() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY TG_ARGV LOOP
    IF coalesce(to_jsonb(OLD) ->> name, '') NOT IN ('', to_jsonb(NEW) ->> name) OR
       (coalesce(to_jsonb(OLD) ->> name, '') <> '' AND to_jsonb(NEW) ->> name IS NULL) THEN
      RAISE EXCEPTION '% of % stands and cannot change', name, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
  END LOOP;
  RETURN NEW; END $$;
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.state <> OLD.state AND OLD.state || '>' || NEW.state <> ALL (TG_ARGV) THEN
    RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW; END $$;
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
"""
DROP_SCOPE_FUNCTIONS = """
DROP FUNCTION touch_updated_at(); DROP FUNCTION refuse_transition(); DROP FUNCTION set_once(); DROP FUNCTION keep_all_but();
DROP FUNCTION refuse_change(); DROP FUNCTION app_regencies(); DROP FUNCTION app_applicant();
DROP FUNCTION app_user(); DROP FUNCTION app_is_auditor(); DROP FUNCTION app_is_province();
DROP FUNCTION app_sees_all(); DROP FUNCTION app_scope();
"""

# Sub-selects, so that each is evaluated once a query and an index on the column can be used.
SEES_ALL = "(SELECT app_sees_all())"
OWN_REGENCY = "regency_id = ANY ((SELECT app_regencies())::integer[])"
OWN_APPLICANT = "applicant_id = (SELECT app_applicant())"


def web_may(table: str, privileges: str, columns: Sequence[str] = ()) -> RunSQL:
    """Grant `privileges` ("SELECT, INSERT") on `table`, or on some of its columns, to web requests."""
    what = f"{privileges} ({', '.join(columns)})" if columns else privileges
    return RunSQL(f"GRANT {what} ON {table} TO {ROLE}", f"REVOKE {what} ON {table} FROM {ROLE}")


def web_may_call(*signatures: str) -> RunSQL:
    """Let web requests call functions: `name(types)`. A trigger's function needs no such right."""
    what = f"EXECUTE ON FUNCTION {', '.join(signatures)}"
    return RunSQL(f"GRANT {what} TO {ROLE}", f"REVOKE {what} FROM {ROLE}")


def wall(table: str, using: str, *, check: str | None = None) -> RunSQL:
    """Row-level security: web requests see the rows that satisfy `using` and write those that satisfy `check`."""
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY scope ON {table} TO {ROLE} USING ({using}) WITH CHECK ({check or using})",
        f"DROP POLICY scope ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )


def insert_only_wall(table: str, using: str, *, check: str = "true") -> RunSQL:
    """Row-level security for logs: reading by `using`, adding by `check`, nothing else."""
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY scope_read ON {table} FOR SELECT TO {ROLE} USING ({using});"
        f"CREATE POLICY scope_add ON {table} FOR INSERT TO {ROLE} WITH CHECK ({check})",
        f"DROP POLICY scope_add ON {table}; DROP POLICY scope_read ON {table};"
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )


def append_only(table: str) -> RunSQL:
    """Nobody, the owner's ordinary statements included, updates, deletes or truncates rows of `table`."""
    return RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER append_only_truncate ON {table}; DROP TRIGGER append_only ON {table}",
    )


def touch(table: str) -> RunSQL:
    """Keep `updated_at` true for set-based updates too."""
    return RunSQL(
        f"CREATE TRIGGER touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION touch_updated_at()",
        f"DROP TRIGGER touch ON {table}",
    )


def before_update(table: str, function: str, arguments: Sequence[str]) -> RunSQL:
    """Guard changes of `table` by one of keep_all_but(columns), set_once(columns), refuse_transition('from>to' pairs)."""
    listed = ", ".join(f"'{argument}'" for argument in arguments)
    return RunSQL(
        f"CREATE TRIGGER {function} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}({listed})",
        f"DROP TRIGGER {function} ON {table}",
    )


def never_deleted(table: str) -> RunSQL:
    return RunSQL(
        f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER never_deleted ON {table}",
    )
