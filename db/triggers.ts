// The triggers that keep the log append-only, word for word as the migration creates them. No I/O.
// DROP TRIGGER cannot be stopped from inside SQLite, so opening a database compares what is there with this list.

/** By name: the exact SQL, as `sqlite_master` keeps it. */
export const TRIGGERS: Readonly<Record<string, string>> = {
  // REPLACE and upsert run BEFORE INSERT triggers first: a taken idx, id or place in a writer's chain stops them here.
  leaves_insert: `CREATE TRIGGER leaves_insert BEFORE INSERT ON leaves
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM leaves)
  OR EXISTS (SELECT 1 FROM leaves WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM leaves WHERE writer = NEW.writer AND wseq = NEW.wseq)
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END`,
  leaves_update: `CREATE TRIGGER leaves_update BEFORE UPDATE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END`,
  leaves_delete: `CREATE TRIGGER leaves_delete BEFORE DELETE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END`,
  // A body may be deleted (retention), never changed or put back.
  bodies_insert: `CREATE TRIGGER bodies_insert BEFORE INSERT ON bodies
WHEN EXISTS (SELECT 1 FROM bodies WHERE request = NEW.request AND kind = NEW.kind AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'bodies: write once'); END`,
  bodies_update: `CREATE TRIGGER bodies_update BEFORE UPDATE ON bodies
BEGIN SELECT RAISE(ABORT, 'bodies: write once'); END`,
  documents_insert: `CREATE TRIGGER documents_insert BEFORE INSERT ON documents
WHEN NEW.revision IS NOT (SELECT coalesce(max(revision), 0) + 1 FROM documents)
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END`,
  documents_update: `CREATE TRIGGER documents_update BEFORE UPDATE ON documents
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END`,
  documents_delete: `CREATE TRIGGER documents_delete BEFORE DELETE ON documents
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END`,
  // Not a guard: an upsert that finds its command there already does not fire it, so a command is counted once.
  commands_count: `CREATE TRIGGER commands_count AFTER INSERT ON commands
BEGIN UPDATE sessions SET commands = commands + 1 WHERE id = NEW.session; END`,
}
