INSERT INTO projection (one, next) VALUES (1, 0);
--> statement-breakpoint
CREATE TRIGGER leaves_insert BEFORE INSERT ON leaves
WHEN NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM leaves)
  OR EXISTS (SELECT 1 FROM leaves WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM leaves WHERE writer = NEW.writer AND wseq = NEW.wseq)
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END;
--> statement-breakpoint
CREATE TRIGGER leaves_update BEFORE UPDATE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END;
--> statement-breakpoint
CREATE TRIGGER leaves_delete BEFORE DELETE ON leaves
BEGIN SELECT RAISE(ABORT, 'leaves: append only'); END;
--> statement-breakpoint
CREATE TRIGGER bodies_insert BEFORE INSERT ON bodies
WHEN EXISTS (SELECT 1 FROM bodies WHERE request = NEW.request AND kind = NEW.kind AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'bodies: write once'); END;
--> statement-breakpoint
CREATE TRIGGER bodies_update BEFORE UPDATE ON bodies
BEGIN SELECT RAISE(ABORT, 'bodies: write once'); END;
--> statement-breakpoint
CREATE TRIGGER documents_insert BEFORE INSERT ON documents
WHEN NEW.revision IS NOT (SELECT coalesce(max(revision), 0) + 1 FROM documents)
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END;
--> statement-breakpoint
CREATE TRIGGER documents_update BEFORE UPDATE ON documents
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END;
--> statement-breakpoint
CREATE TRIGGER documents_delete BEFORE DELETE ON documents
BEGIN SELECT RAISE(ABORT, 'documents: append only'); END;
--> statement-breakpoint
CREATE TRIGGER commands_count AFTER INSERT ON commands
BEGIN UPDATE sessions SET commands = commands + 1 WHERE id = NEW.session; END;
