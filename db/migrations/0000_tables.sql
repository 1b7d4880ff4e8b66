CREATE TABLE `bodies` (
	`event` text NOT NULL,
	`request` text NOT NULL,
	`kind` text NOT NULL,
	`seq` integer NOT NULL,
	`media_type` text NOT NULL,
	`size` integer NOT NULL,
	`salt` blob NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `bodies_request` ON `bodies` (`request`,`kind`,`seq`);--> statement-breakpoint
CREATE TABLE `codes` (
	`sha256` text PRIMARY KEY NOT NULL,
	`purpose` text NOT NULL,
	`payload` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `commands` (
	`id` text PRIMARY KEY NOT NULL,
	`session` text NOT NULL,
	`started_at` integer NOT NULL,
	`ended_at` integer NOT NULL,
	`requests` integer NOT NULL,
	`denials` integer NOT NULL,
	`masks` integer NOT NULL,
	`worst` integer NOT NULL,
	`stream` text
);
--> statement-breakpoint
CREATE INDEX `commands_session` ON `commands` (`session`,`started_at`,`id`);--> statement-breakpoint
CREATE TABLE `connections` (
	`name` text PRIMARY KEY NOT NULL,
	`description` text NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `connectors` (
	`id` text PRIMARY KEY NOT NULL,
	`public_key` text NOT NULL,
	`connections` text NOT NULL,
	`created_at` text NOT NULL,
	`revoked_at` text
);
--> statement-breakpoint
CREATE TABLE `documents` (
	`revision` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`deleted` integer NOT NULL,
	`document` text NOT NULL,
	`source` text NOT NULL,
	`applied_by` text NOT NULL,
	`applied_at` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `documents_name` ON `documents` (`kind`,`name`,`revision`);--> statement-breakpoint
CREATE TABLE `leaves` (
	`idx` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`session` text,
	`writer` text NOT NULL,
	`wseq` integer NOT NULL,
	`hash` text NOT NULL,
	`leaf` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `leaves_id` ON `leaves` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `leaves_writer` ON `leaves` (`writer`,`wseq`);--> statement-breakpoint
CREATE INDEX `leaves_session` ON `leaves` (`session`,`idx`);--> statement-breakpoint
CREATE TABLE `logins` (
	`sha256` text PRIMARY KEY NOT NULL,
	`username` text NOT NULL,
	`groups` text NOT NULL,
	`issuer` text NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `projection` (
	`one` integer PRIMARY KEY NOT NULL,
	`next` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `requests` (
	`id` text PRIMARY KEY NOT NULL,
	`session` text NOT NULL,
	`command` text NOT NULL,
	`at` integer NOT NULL,
	`writer` text NOT NULL,
	`result` text
);
--> statement-breakpoint
CREATE INDEX `requests_session` ON `requests` (`session`,`id`);--> statement-breakpoint
CREATE INDEX `requests_command` ON `requests` (`command`,`id`);--> statement-breakpoint
CREATE INDEX `requests_running` ON `requests` (`session`,`command`) WHERE result IS NULL;--> statement-breakpoint
CREATE TABLE `session_terms` (
	`session` text NOT NULL,
	`term` text NOT NULL,
	PRIMARY KEY(`session`, `term`)
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`connection` text NOT NULL,
	`username` text NOT NULL,
	`groups` text NOT NULL,
	`issuer` text NOT NULL,
	`purpose` text,
	`user_agent` text NOT NULL,
	`started_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`commands` integer NOT NULL,
	`requests` integer NOT NULL,
	`denials` integer NOT NULL,
	`masks` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sessions_started` ON `sessions` (`started_at`,`id`);--> statement-breakpoint
CREATE INDEX `sessions_connection` ON `sessions` (`connection`,`started_at`);