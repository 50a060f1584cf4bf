-- Views kept in the store: documents by view, organization ('' for the deployment's own) and key.

CREATE TABLE view_checkpoints (
    view text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL,
    position bigint NOT NULL
);

-- The entry is JSON as text: jsonb would reorder it, widen its numbers and refuse an escaped NUL.
CREATE TABLE view_entries (
    view text COLLATE "C" NOT NULL,
    organization text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    entry text NOT NULL,
    PRIMARY KEY (view, organization, key)
);
