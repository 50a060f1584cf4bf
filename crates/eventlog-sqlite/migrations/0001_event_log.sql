-- The event log. Positions are given out by the writer while it holds the write lock: 1, 2, 3 and so on, without holes.

CREATE TABLE deployment (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    environment TEXT NOT NULL,
    epoch INTEGER NOT NULL
);

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    category TEXT NOT NULL,
    organization TEXT,
    partition TEXT,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    data TEXT NOT NULL,
    person BLOB,
    ciphertext BLOB,
    hash BLOB NOT NULL,
    UNIQUE (stream, version)
);
CREATE INDEX events_by_category ON events (category, position);
CREATE INDEX events_by_organization ON events (organization, position) WHERE organization IS NOT NULL;
CREATE INDEX events_by_partition ON events (category, partition, position) WHERE partition IS NOT NULL;

-- A unique name, and the stream that holds it.
CREATE TABLE reservations (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    stream TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX reservations_by_stream ON reservations (stream);

-- Partitions that take no appends any more and whose rows may be removed.
CREATE TABLE closed_partitions (
    category TEXT NOT NULL,
    partition TEXT NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (category, partition)
) WITHOUT ROWID;

-- What is left of removed events, so that positions and checkpoints still add up.
CREATE TABLE removed_events (
    position INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
WHEN NOT EXISTS (
    SELECT 1 FROM closed_partitions AS closed
    WHERE closed.category = OLD.category AND closed.partition = OLD.partition
)
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;

-- REPLACE deletes without asking the trigger above, so an insert must be at the end of the log and of its stream, and new.
CREATE TRIGGER events_are_only_appended BEFORE INSERT ON events
WHEN NEW.position <> 1 + max(
        coalesce((SELECT max(position) FROM events), 0),
        coalesce((SELECT max(position) FROM removed_events), 0)
    )
    OR NEW.version <> 1 + coalesce((SELECT max(version) FROM events WHERE stream = NEW.stream), 0)
    OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;

CREATE TRIGGER removed_events_are_never_changed BEFORE UPDATE ON removed_events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER removed_events_are_never_deleted BEFORE DELETE ON removed_events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
