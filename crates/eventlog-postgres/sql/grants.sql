-- Two roles for services that must not own the tables. Run it as the owner of the tables, after every upgrade, in the
-- schema that holds them; then give the roles to the users the services log in as:
--
--     GRANT vestibule_append TO saml_user, gateway_user;
--     GRANT vestibule_read TO routing_user, enrichment_user;
--
-- vestibule_append  appends events and keeps what goes with them. It cannot change, delete or truncate an event, destroy
--                   a key, drop a partition or make a table.
-- vestibule_read    reads.
--
-- The owner (the registry) migrates the tables, destroys keys and removes archived partitions.

DO $$
BEGIN
    CREATE ROLE vestibule_append NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    CREATE ROLE vestibule_read NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO vestibule_append, vestibule_read', current_schema());
END $$;

GRANT SELECT ON
    _sqlx_migrations, deployment, events, event_partitions, removed_events, reservations, view_checkpoints, view_entries,
    keys, expiring_records, sign_ins
    TO vestibule_append, vestibule_read;

-- The only way to write an event or a unique name: it takes the lock and checks the end of the log.
GRANT EXECUTE ON FUNCTION append_events, make_partition TO vestibule_append;
GRANT INSERT ON keys TO vestibule_append;
GRANT INSERT, DELETE ON expiring_records, sign_ins TO vestibule_append;
GRANT INSERT, UPDATE, DELETE ON view_checkpoints, view_entries TO vestibule_append;
