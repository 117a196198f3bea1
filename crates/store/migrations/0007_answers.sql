-- What a request takes as its answer beside one press (JSON), which options are marked so far (one bit each), and when
-- people are told of it once more; NULL when they were, or never are.
ALTER TABLE approval ADD COLUMN form TEXT NOT NULL DEFAULT '{}';
ALTER TABLE approval ADD COLUMN marks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approval ADD COLUMN remind INTEGER;
CREATE INDEX approval_remind ON approval (remind) WHERE pending = 1 AND remind IS NOT NULL;

PRAGMA user_version = 7;
