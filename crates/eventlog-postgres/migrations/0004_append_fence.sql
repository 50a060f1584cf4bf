-- An append whose answer is lost may still be on its way: in a buffer between us and the server, or in a session that has
-- not begun with it. The append lock says nothing about such a one. So every append brings the fence that it found when
-- it looked up the end of the log, and who gives a lost append up moves the fence: what was looked up before is refused,
-- whenever it arrives.
ALTER TABLE deployment ADD COLUMN append_fence bigint NOT NULL DEFAULT 0;

-- Replaced, not kept beside: an append that brings no fence could not be given up.
DROP FUNCTION append_events;

-- Appends rows if `expected_head` is still the last position, the fence is where it was and the partitions are open;
-- answers whether it did. Whoever calls it outside of a transaction has in one round trip: the lock, the check, the rows
-- and the COMMIT. The lock is held until the transaction ends. Each statement of the function sees what was committed
-- before it began, and so everything that was committed by those who had the lock before. It runs with the rights of the
-- tables' owner: the restricted role has no other way to write an event, and so none around the lock.
CREATE FUNCTION append_events(
    expected_head bigint, expected_fence bigint,
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
        OR expected_fence IS DISTINCT FROM (SELECT append_fence FROM deployment)
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

-- Answers whether an append is stored, by its last event; when it is not, it never will be. Waits for the lock, and so for
-- an append that is under way. The hash beside the id, because another process may have stored the same event in an
-- append of its own, at another position or in other company. The fence moves either way: with a synchronous standby, our
-- own commit then waits until the standby has what the answer says, also when the session that stored it was ended while
-- it waited for the standby.
CREATE FUNCTION settle_append(last_position bigint, last_id uuid, last_hash bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(8531352012944733548);
    UPDATE deployment SET append_fence = append_fence + 1;
    RETURN EXISTS (SELECT FROM events WHERE position = last_position AND id = last_id AND hash = last_hash);
END $$;

REVOKE EXECUTE ON FUNCTION append_events, settle_append FROM PUBLIC;

-- What runs with the owner's rights must not find a caller's tables under our names.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION append_events SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION settle_append SET search_path = %I, pg_temp', current_schema());
END $$;
