CREATE TABLE `grants` (
	`id` text PRIMARY KEY NOT NULL,
	`connection` text NOT NULL,
	`opened_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`record` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `grants_opened` ON `grants` (`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `grants_ended` ON `grants` (`ended_at`,`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `grants_connection` ON `grants` (`connection`,`ended_at`,`opened_at`,`id`);--> statement-breakpoint
CREATE TABLE `holds` (
	`id` text PRIMARY KEY NOT NULL,
	`connection` text NOT NULL,
	`session` text NOT NULL,
	`open` integer NOT NULL,
	`opened_at` integer NOT NULL,
	`record` text NOT NULL,
	`review` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `holds_opened` ON `holds` (`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `holds_open` ON `holds` (`open`,`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `holds_connection` ON `holds` (`connection`,`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `holds_connection_open` ON `holds` (`connection`,`open`,`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `holds_session` ON `holds` (`session`,`opened_at`,`id`);--> statement-breakpoint
CREATE TABLE `notices` (
	`id` text PRIMARY KEY NOT NULL,
	`hold` text NOT NULL,
	`connection` text NOT NULL,
	`state` text NOT NULL,
	`next_at` integer NOT NULL,
	`record` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `notices_hold` ON `notices` (`hold`,`id`);--> statement-breakpoint
CREATE INDEX `notices_state` ON `notices` (`connection`,`state`,`next_at`,`id`);--> statement-breakpoint
ALTER TABLE `commands` ADD `holds` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `requests` ADD `connection` text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX `requests_connection` ON `requests` (`connection`,`at`,`id`);--> statement-breakpoint
ALTER TABLE `sessions` ADD `holds` integer DEFAULT 0 NOT NULL;