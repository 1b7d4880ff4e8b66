// All pattern rules, one array. What each is and where its shape comes from stands in its line. No I/O.

import type { PatternRule } from '../rule.ts'
import { AI_RULES } from './ai.ts'
import { CHAT_RULES } from './chat.ts'
import { CLOUD_RULES } from './clouds.ts'
import { CRYPTO_RULES } from './crypto.ts'
import { DATABASE_RULES } from './databases.ts'
import { EMAIL_RULES } from './email.ts'
import { HOST_RULES } from './hosts.ts'
import { IDENTITY_RULES } from './identity.ts'
import { MONITORING_RULES } from './monitoring.ts'
import { PAYMENT_RULES } from './payment.ts'
import { REGISTRY_RULES } from './registries.ts'
import { SAAS_RULES } from './saas.ts'

/** The credentials that are known by their shape, or by an ordinary shape near a word that says whose it is. */
export const PATTERN_RULES: readonly PatternRule[] = [
  ...CLOUD_RULES,
  ...HOST_RULES,
  ...REGISTRY_RULES,
  ...CHAT_RULES,
  ...PAYMENT_RULES,
  ...AI_RULES,
  ...DATABASE_RULES,
  ...MONITORING_RULES,
  ...EMAIL_RULES,
  ...IDENTITY_RULES,
  ...CRYPTO_RULES,
  ...SAAS_RULES,
]
