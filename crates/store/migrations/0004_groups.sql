-- Groups that events go to. `former` is the id before the group became a supergroup; `away` is since when the bot is
-- not in it.
CREATE TABLE enrolled_chat (
    id INTEGER PRIMARY KEY,
    former INTEGER,
    title TEXT NOT NULL,
    forum INTEGER NOT NULL,
    projects TEXT NOT NULL,
    enrolled INTEGER NOT NULL,
    enrolled_by INTEGER NOT NULL,
    away INTEGER
) STRICT;

-- One topic per chat and project. Until `rest`, messages of the project go to the chat's general topic.
CREATE TABLE topic (
    chat INTEGER NOT NULL,
    project TEXT NOT NULL,
    thread INTEGER,
    rest INTEGER,
    PRIMARY KEY (chat, project)
) STRICT;

-- A code is stored as its digest. `state` is open, asked, enrolled, refused, expired or withdrawn.
CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code BLOB NOT NULL UNIQUE,
    projects TEXT NOT NULL,
    expires INTEGER NOT NULL,
    state TEXT NOT NULL,
    chat INTEGER,
    title TEXT,
    forum INTEGER,
    asked_by INTEGER,
    asker TEXT,
    decided_by INTEGER
) STRICT;

CREATE TABLE enrolment_button (
    digest BLOB PRIMARY KEY,
    enrolment INTEGER NOT NULL REFERENCES enrolment (id),
    chat INTEGER NOT NULL,
    message INTEGER,
    accepts INTEGER NOT NULL
) STRICT;
CREATE INDEX enrolment_button_of ON enrolment_button (enrolment, chat);

PRAGMA user_version = 4;
