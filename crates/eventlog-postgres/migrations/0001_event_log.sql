-- The event log. Positions are given out under the append lock: 1, 2, 3 and so on, without holes, in the order of commits.
-- Text that is indexed is compared byte by byte, so that order and equality do not depend on the server's locale.

CREATE TABLE deployment (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    environment text NOT NULL,
    epoch bigint NOT NULL
);

-- `label` names the partition: '' for all streams that are kept for ever, 'category/yyyy-mm' for those of a month. It
-- follows from the stream's name, so (stream, version), (id) and (position) stay unique over all partitions.
CREATE TABLE events (
    position bigint NOT NULL,
    label text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    revision integer NOT NULL,
    recorded_at_millis bigint NOT NULL,
    metadata text NOT NULL,
    data text NOT NULL,
    person uuid,
    ciphertext bytea,
    hash bytea NOT NULL,
    PRIMARY KEY (position, label),
    UNIQUE (stream, version, label),
    UNIQUE (id, label),
    CHECK (label = CASE split_part(stream, '/', 4) WHEN '' THEN ''
                   ELSE split_part(stream, '/', 1) || '/' || split_part(stream, '/', 3) END),
    CHECK ((person IS NULL) = (ciphertext IS NULL))
) PARTITION BY LIST (label);

-- No default partition: attaching a month would have to scan it for rows that belong there.
CREATE TABLE events_kept PARTITION OF events FOR VALUES IN ('');

-- A unique name, and the stream that holds it.
CREATE TABLE reservations (
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX reservations_by_stream ON reservations (stream);

-- The months that have a partition, and whether they still take appends. A row stays when the partition is gone.
CREATE TABLE event_partitions (
    category text COLLATE "C" NOT NULL,
    partition text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL UNIQUE,
    made boolean NOT NULL,
    closed_at_millis bigint,
    PRIMARY KEY (category, partition)
);

-- What is left of removed events, so that positions and checkpoints still add up.
CREATE TABLE removed_events (
    position bigint PRIMARY KEY,
    hash bytea NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only appended: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM event_partitions WHERE label = OLD.label AND closed_at_millis IS NOT NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are never deleted while their partition is open'
        USING ERRCODE = 'restrict_violation';
END $$;

-- Row triggers, because they are inherited by every partition and cannot be passed by naming one.
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events_kept EXECUTE FUNCTION refuse_change();
CREATE TRIGGER removed_events_are_never_changed BEFORE UPDATE OR DELETE ON removed_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER removed_events_are_never_truncated BEFORE TRUNCATE ON removed_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deployment_is_never_removed BEFORE DELETE ON deployment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deployment_is_never_truncated BEFORE TRUNCATE ON deployment EXECUTE FUNCTION refuse_change();

-- Appends rows if `expected_head` is still the last position and their partitions are open; answers whether it did.
-- Whoever calls it outside of a transaction has in one round trip: the lock, the check, the rows and the COMMIT.
-- The lock is held until the transaction ends. Each statement of the function sees what was committed before it began,
-- and so everything that was committed by those who had the lock before. It runs with the rights of the tables' owner: the
-- restricted role has no other way to write an event, and so none around the lock.
CREATE FUNCTION append_events(
    expected_head bigint,
    positions bigint[], labels text[], streams text[], versions bigint[], ids uuid[], names text[], revisions int[],
    recorded_at bigint[], metadatas text[], datas text[], persons uuid[], ciphertexts bytea[], hashes bytea[],
    taken_scopes text[], taken_keys text[], holders text[], released_scopes text[], released_keys text[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF positions <> ARRAY(SELECT generate_series(expected_head + 1, expected_head + cardinality(positions))) THEN
        RAISE EXCEPTION 'events are only appended at the end of the log' USING ERRCODE = 'restrict_violation';
    END IF;
    -- "vestibul" in ASCII.
    PERFORM pg_advisory_xact_lock(8531352012944733548);
    IF expected_head <> greatest((SELECT max(position) FROM events), (SELECT max(position) FROM removed_events), 0)
        OR EXISTS (SELECT FROM event_partitions WHERE label = ANY (labels) AND closed_at_millis IS NOT NULL) THEN
        RETURN false;
    END IF;
    INSERT INTO events (position, label, stream, version, id, name, revision, recorded_at_millis, metadata, data, person,
                        ciphertext, hash)
    SELECT * FROM unnest(positions, labels, streams, versions, ids, names, revisions, recorded_at, metadatas,
                         datas, persons, ciphertexts, hashes);
    IF cardinality(released_scopes) > 0 THEN
        DELETE FROM reservations AS r USING unnest(released_scopes, released_keys) AS gone (scope, key)
        WHERE r.scope = gone.scope AND r.key = gone.key;
    END IF;
    IF cardinality(taken_scopes) > 0 THEN
        INSERT INTO reservations (scope, key, stream)
        SELECT * FROM unnest(taken_scopes, taken_keys, holders)
        ON CONFLICT (scope, key) DO UPDATE SET stream = excluded.stream;
    END IF;
    RETURN true;
END $$;

-- Makes the partition of a month. The caller holds the append lock. It runs with the rights of the tables' owner, so that
-- the restricted role can append to a new month without being able to make or drop tables.
CREATE FUNCTION make_partition(category text, month text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    relation text := 'events_' || category || '_' || month;
    label text := category || '/' || month;
BEGIN
    IF category !~ '^[A-Za-z0-9_.-]{1,40}$' OR month !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION 'not a partition: %', label USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO event_partitions VALUES (category, month, label, true, NULL);
    -- Attached rather than made in place: that leaves readers and writers of the other partitions undisturbed.
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', relation);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES IN (%L)', relation, label);
    EXECUTE format(
        'CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', relation);
END $$;

-- Drops the partition of a closed month whose events have all been removed or are being removed in this transaction.
CREATE FUNCTION drop_partition(category text, month text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    relation text := 'events_' || category || '_' || month;
BEGIN
    UPDATE event_partitions AS p SET made = false
        WHERE p.category = drop_partition.category AND p.partition = month AND p.made AND p.closed_at_millis IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'partition %/% is not closed', category, month USING ERRCODE = 'restrict_violation';
    END IF;
    EXECUTE format('ALTER TABLE events DETACH PARTITION %I', relation);
    EXECUTE format('DROP TABLE %I', relation);
END $$;

REVOKE EXECUTE ON FUNCTION append_events, make_partition, drop_partition FROM PUBLIC;

-- What runs with the owner's rights must not find a caller's tables under our names.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION append_events SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION make_partition(text, text) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION drop_partition(text, text) SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION refuse_delete() SET search_path = %I, pg_temp', current_schema());
END $$;
