-- `session` is the agent's session that an answer is for; `chat` and `message` are where its text was written. `kept` is 1 while no agent has the reply, 2 when somebody
-- went on at the agent's terminal meanwhile, 0 when it was handed over. `claim` is the wait that got it, `continued` how many
-- turns in a row were continued with replies.
ALTER TABLE response ADD COLUMN session TEXT;
ALTER TABLE response ADD COLUMN chat INTEGER;
ALTER TABLE response ADD COLUMN message INTEGER;
ALTER TABLE response ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE response ADD COLUMN claim TEXT;
ALTER TABLE response ADD COLUMN continued INTEGER;
CREATE INDEX response_kept ON response (session, id) WHERE kept > 0;
CREATE INDEX response_by_session ON response (session, id) WHERE session IS NOT NULL;
CREATE UNIQUE INDEX response_claimed ON response (session, claim) WHERE claim IS NOT NULL;

PRAGMA user_version = 8;
