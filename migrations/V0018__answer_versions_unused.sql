-- V0019 replaces this table. Functions of the previous release still read it during the deployment; `infinity` makes them
-- rely on no version. A later release drops the table.
ALTER TABLE chat_answer_versions ALTER counted_from SET DEFAULT 'infinity';
COMMENT ON TABLE chat_answer_versions IS 'Unused since V0019.';
