-- A file that was handed over. While `event` is NULL no event has named it; while `about` is NULL it is being written.
CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    event INTEGER REFERENCES event (key),
    position INTEGER,
    about TEXT,
    bytes INTEGER NOT NULL,
    received INTEGER NOT NULL
) STRICT;
CREATE INDEX attachment_by_event ON attachment (event, position) WHERE event IS NOT NULL;
CREATE INDEX attachment_unused ON attachment (received) WHERE event IS NULL;

-- A file's content in pieces, so that no more than one of them is in memory.
CREATE TABLE attachment_piece (
    attachment TEXT NOT NULL REFERENCES attachment (id),
    number INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (attachment, number)
) STRICT;

PRAGMA user_version = 2;
