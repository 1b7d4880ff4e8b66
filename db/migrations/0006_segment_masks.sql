CREATE TABLE `segment_masks` (
	`request` text NOT NULL,
	`rule` text NOT NULL,
	`at` text NOT NULL,
	`masks` integer NOT NULL,
	PRIMARY KEY(`request`, `rule`, `at`)
);
