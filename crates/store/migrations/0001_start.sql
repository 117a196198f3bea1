-- Times are milliseconds since 1970. JSON is TEXT. `done` says how a row ended; while it is NULL the row still waits.

-- An id may come back after a week, so it is not the key.
CREATE TABLE event (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    received INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_id ON event (id, key);

-- Ids of the last seven days. `content` tells a producer that repeats itself from one that uses an id twice.
CREATE TABLE seen (
    event_id TEXT PRIMARY KEY,
    event INTEGER NOT NULL REFERENCES event (key),
    content BLOB NOT NULL,
    received INTEGER NOT NULL
) STRICT;
CREATE INDEX seen_by_age ON seen (received);

CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    event INTEGER NOT NULL REFERENCES event (key),
    event_id TEXT NOT NULL,
    options TEXT NOT NULL,
    digest TEXT NOT NULL,
    asked INTEGER NOT NULL,
    expires INTEGER,
    pending INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX approval_by_event ON approval (event);
CREATE INDEX approval_open ON approval (expires) WHERE pending = 1;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    kind TEXT NOT NULL,
    work TEXT NOT NULL,
    event INTEGER REFERENCES event (key),
    approval TEXT REFERENCES approval (id),
    task TEXT,
    reply_to INTEGER,
    queued INTEGER NOT NULL,
    due INTEGER NOT NULL,
    held INTEGER NOT NULL,
    leased INTEGER,
    attempt INTEGER NOT NULL,
    parts_sent INTEGER NOT NULL,
    message INTEGER,
    done TEXT,
    finished INTEGER,
    reason TEXT
) STRICT;
CREATE INDEX outbox_ready ON outbox (chat, priority, id, due) WHERE done IS NULL AND held = 0 AND leased IS NULL;
CREATE INDEX outbox_due ON outbox (due) WHERE done IS NULL AND held = 0 AND leased IS NULL;
CREATE INDEX outbox_leased ON outbox (chat) WHERE done IS NULL AND leased IS NOT NULL;
CREATE INDEX outbox_undone ON outbox (chat, held, id) WHERE done IS NULL;
CREATE INDEX outbox_waiting ON outbox (event, kind, chat) WHERE done IS NULL AND event IS NOT NULL;
CREATE INDEX outbox_task ON outbox (task, chat) WHERE done IS NULL AND task IS NOT NULL;
CREATE INDEX outbox_by_event ON outbox (event);
CREATE INDEX outbox_by_approval ON outbox (approval, chat) WHERE approval IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE done = 'dead';

-- A button is found by the digest of its data; the data itself is never stored. `choice` is NULL for details.
CREATE TABLE button (
    digest BLOB PRIMARY KEY,
    approval TEXT NOT NULL REFERENCES approval (id),
    choice INTEGER,
    chat INTEGER NOT NULL,
    message INTEGER,
    minted INTEGER NOT NULL
) STRICT;
CREATE INDEX button_unbound ON button (approval, chat) WHERE message IS NULL;

CREATE TABLE message (
    chat INTEGER NOT NULL,
    id INTEGER NOT NULL,
    event INTEGER REFERENCES event (key),
    approval TEXT REFERENCES approval (id),
    kind TEXT NOT NULL,
    sent INTEGER NOT NULL,
    PRIMARY KEY (chat, id)
) STRICT;

CREATE TABLE progress_message (
    chat INTEGER NOT NULL,
    task TEXT NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (chat, task)
) STRICT;
CREATE INDEX progress_message_by_task ON progress_message (task);

-- Chats that nothing is sent to until they write again.
CREATE TABLE chat (
    id INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    parked INTEGER NOT NULL
) STRICT;

CREATE TABLE update_inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot INTEGER NOT NULL,
    update_id INTEGER NOT NULL,
    body TEXT NOT NULL,
    received INTEGER NOT NULL,
    handled INTEGER NOT NULL,
    UNIQUE (bot, update_id)
) STRICT;
CREATE INDEX update_unhandled ON update_inbox (id) WHERE handled = 0;
CREATE INDEX update_handled ON update_inbox (received) WHERE handled = 1;

CREATE TABLE stranger (
    user_id INTEGER PRIMARY KEY,
    refused INTEGER NOT NULL
) STRICT;
CREATE INDEX stranger_by_age ON stranger (refused);

CREATE TABLE response (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT,
    file_name TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    decided INTEGER NOT NULL,
    written INTEGER NOT NULL
) STRICT;
CREATE INDEX response_by_event ON response (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX response_unwritten ON response (id) WHERE written = 0;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

PRAGMA user_version = 1;
