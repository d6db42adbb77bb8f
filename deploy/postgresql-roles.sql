-- Two roles: desk_owner owns the tables and migrates; desk works every day and cannot rewrite the audit trail.
-- Run it as desk_owner's administrator (psql -d desk -f deploy/postgresql-roles.sql) after each `manage.py migrate`, which runs as
-- desk_owner. The desk's own processes have DATABASE_URL=postgres://desk:…; `erase_person`, `migrate` and `restore` that of desk_owner.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'desk_owner') THEN CREATE ROLE desk_owner LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'desk') THEN CREATE ROLE desk LOGIN; END IF;
END $$;
GRANT desk TO desk_owner;

-- everything belongs to desk_owner
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'monitoring_result%' LOOP
    EXECUTE format('ALTER TABLE public.%I OWNER TO desk_owner', one.tablename);
  END LOOP;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO desk_owner, desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO desk;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO desk;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO desk;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO desk;

-- results lie in a partition a day, which the engine makes and drops: these tables are the desk's own
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'monitoring_result%' LOOP
    EXECUTE format('ALTER TABLE public.%I OWNER TO desk', one.tablename);
  END LOOP;
END $$;

-- the trail: rows are added and sealed, once; nothing of what they say is changed, and none goes
REVOKE UPDATE, DELETE, TRUNCATE ON audit_auditentry FROM desk;
GRANT UPDATE (sequence, digest) ON audit_auditentry TO desk;
REVOKE DELETE, TRUNCATE ON audit_legalhold FROM desk;
