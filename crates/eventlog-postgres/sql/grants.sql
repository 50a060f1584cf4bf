-- Two roles for services that must not own the tables. Run it as the owner of the tables, after every upgrade, in the
-- schema that holds them; the first time as a user who may make roles, or after making the two roles. Then give the roles
-- to the users the services log in as:
--
--     GRANT vestibule_append TO saml_user, gateway_user;
--     GRANT vestibule_read TO routing_user, enrichment_user;
--
-- vestibule_append  appends events and keeps what goes with them. It cannot change, delete or truncate an event, destroy
--                   a key, drop a partition or make a table.
-- vestibule_read    reads.
--
-- The owner (the registry) migrates the tables, destroys keys, removes archived partitions and takes snapshots of views: who
-- could write one could write who is let in.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vestibule_append') THEN
        CREATE ROLE vestibule_append NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vestibule_read') THEN
        CREATE ROLE vestibule_read NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO vestibule_append, vestibule_read', current_schema());
END $$;

GRANT SELECT ON
    _sqlx_migrations, deployment, events, event_partitions, removed_events, reservations, view_checkpoints, view_entries,
    keys, expiring_records, sign_ins, view_snapshots, view_snapshot_chunks
    TO vestibule_append, vestibule_read;

-- append_events is the only way to write an event or a unique name: it takes the lock and checks the end of the log.
-- settle_append says what became of one whose answer was lost.
GRANT EXECUTE ON FUNCTION append_events, settle_append, make_partition TO vestibule_append;
GRANT INSERT ON keys TO vestibule_append;
GRANT INSERT, DELETE ON expiring_records TO vestibule_append;
GRANT INSERT, UPDATE, DELETE ON sign_ins TO vestibule_append;
-- Deleting what has expired locks the rows first, so that two sweepers share the work; locking asks for this right.
GRANT UPDATE (expires_at_millis) ON expiring_records TO vestibule_append;
GRANT INSERT, UPDATE, DELETE ON view_checkpoints, view_entries TO vestibule_append;
