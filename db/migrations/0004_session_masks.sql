CREATE TABLE `session_masks` (
	`session` text NOT NULL,
	`rule` text NOT NULL,
	`masks` integer NOT NULL,
	PRIMARY KEY(`session`, `rule`)
);
