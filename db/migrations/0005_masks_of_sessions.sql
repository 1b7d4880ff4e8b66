INSERT INTO `session_masks` (`session`, `rule`, `masks`)
SELECT l.session, m.key, sum(m.value) FROM `leaves` l, json_each(l.leaf, '$.mask.rules') m
WHERE l.session IS NOT NULL AND l.idx < (SELECT next FROM `projection`)
AND (l.type GLOB 'session.*' OR l.type GLOB 'request.*' OR l.type GLOB 'stream.*')
GROUP BY 1, 2;
