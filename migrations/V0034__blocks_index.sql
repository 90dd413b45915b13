-- Whichever index the planner chooses, the check of a block reads no row: both indexes have both columns.
DROP INDEX chat_blocks_blocked_idx;
CREATE INDEX chat_blocks_blocked_idx ON chat_blocks (blocked_id, blocker_id);
