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

/** The rules by what their credentials are for. */
export const RULES_BY_DOMAIN: readonly (readonly [domain: string, rules: readonly PatternRule[]])[] = [
  ['Clouds and hosting', CLOUD_RULES],
  ['Source hosts, CI and delivery', HOST_RULES],
  ['Package and image registries', REGISTRY_RULES],
  ['Chat, telephony and social networks', CHAT_RULES],
  ['Payment and commerce', PAYMENT_RULES],
  ['AI', AI_RULES],
  ['Databases and data platforms', DATABASE_RULES],
  ['Monitoring and analytics', MONITORING_RULES],
  ['E-mail, marketing and customers', EMAIL_RULES],
  ['Identity, vaults and security tools', IDENTITY_RULES],
  ['Exchanges and blockchains', CRYPTO_RULES],
  ['Work, content, maps and data', SAAS_RULES],
]

/** The credentials that are known by their shape, or by an ordinary shape near a word that says whose it is. */
export const PATTERN_RULES: readonly PatternRule[] = RULES_BY_DOMAIN.flatMap(([, rules]) => rules)
