// What a channel is told of a hold: that there is one, under which rule, until when, and where to answer it. Never what an agent
// can write: no username, no purpose, no title, no diff. In: a hold. Out: the body and headers of one POST. No clock, no I/O.

import { type ChannelConfig, webhookKey } from '../config.ts'
import type { HoldRecord } from '../ports.ts'
import { MAX_SHOWN_CHARS } from './limits.ts'
import { signedHeaders } from './standardwebhooks.ts'

/** The parts of a hold that leave the gateway. */
export type Told = Pick<HoldRecord, 'id' | 'kind' | 'connection' | 'policy' | 'rule' | 'openedAt' | 'expiresAt'>

export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Where a hold is answered. @param appUrl without a trailing slash */
export const linkTo = (appUrl: string, hold: Pick<Told, 'id'>): string =>
  `${appUrl}/approvals/${encodeURIComponent(hold.id)}`

/**
 * A name as chat programs may show it: letters, digits and a few marks of punctuation, the rest as `?`. Policies are written by
 * people, but a chat must not make links, mentions or markup of them either. A word joiner after each dot keeps clients from
 * making a link of what looks like a host name.
 */
export function plain(name: string): string {
  const characters = [...name.replaceAll(/[^\p{L}\p{N}\p{M} .,()_-]/gu, '?')]
  const shown = characters.slice(0, MAX_SHOWN_CHARS).join('')
  return `${shown.replaceAll('.', '.\u2060')}${characters.length > MAX_SHOWN_CHARS ? '…' : ''}`
}

/** Slack's three control characters (docs.slack.dev, formatting message text). */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** To the minute, downwards: the question is not open longer than a person is told. */
const until = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const headline = ({ kind }: Told): string =>
  kind === 'plan' ? 'A plan waits for an answer' : 'A request waits for an answer'

function facts(hold: Told): readonly (readonly [name: string, value: string])[] {
  return [
    ['Connection', plain(hold.connection)],
    ['Policy', plain(hold.policy)],
    ['Rule', plain(hold.rule)],
    ['Hold', plain(hold.id)],
    ['Open until', until(hold.expiresAt)],
  ]
}

/**
 * An incoming webhook's message. Names stand in `plain_text` objects, which know no markup; the link is the only `mrkdwn`. A
 * button would ask Slack to call the app back.
 */
function slack(hold: Told, link: string): unknown {
  const plainText = (text: string) => ({ type: 'plain_text', text: escapeSlack(text), emoji: false })
  return {
    text: headline(hold),
    blocks: [
      { type: 'header', text: plainText(headline(hold)) },
      { type: 'section', fields: facts(hold).map(([name, value]) => plainText(`${name}\n${value}`)) },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: `<${escapeSlack(link.replaceAll('|', '%7C'))}|Open it in Sallyport>`,
          verbatim: true,
        },
      },
    ],
  }
}

/**
 * An Adaptive Card 1.4 as the Teams workflow “when a webhook request is received” takes it. Names stand in `TextRun`s, which
 * know no Markdown; a `TextBlock` or `FactSet` would.
 */
function teams(hold: Told, link: string): unknown {
  const run = (text: string, weight: 'Default' | 'Bolder') => ({ type: 'TextRun', text, weight })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            { type: 'TextBlock', text: headline(hold), size: 'Medium', weight: 'Bolder', wrap: true },
            ...facts(hold).map(([name, value]) => ({
              type: 'RichTextBlock',
              spacing: 'Small',
              inlines: [run(`${name}: `, 'Bolder'), run(value, 'Default')],
            })),
          ],
          actions: [{ type: 'Action.OpenUrl', title: 'Open in Sallyport', url: link }],
        },
      },
    ],
  }
}

/** For programs: names as they are, times in RFC 3339. */
function webhook(hold: Told, link: string): unknown {
  const { id, connection, policy, rule, kind } = hold
  return {
    type: 'hold.opened',
    timestamp: new Date(hold.openedAt).toISOString(),
    data: { id, url: link, connection, policy, rule, kind, expiresAt: new Date(hold.expiresAt).toISOString() },
  }
}

/**
 * One POST to a channel.
 * @param notice the notice's id, the same for every try
 * @param now milliseconds since the epoch, of this try
 */
export function messageTo(channel: ChannelConfig, hold: Told, link: string, notice: string, now: number): Message {
  const headers = { 'content-type': 'application/json', 'user-agent': 'Sallyport' }
  switch (channel.kind) {
    case 'slack':
      return { headers, body: JSON.stringify(slack(hold, link)) }
    case 'teams':
      return { headers, body: JSON.stringify(teams(hold, link)) }
    case 'webhook': {
      const body = JSON.stringify(webhook(hold, link))
      const key = webhookKey(channel.secret)
      if (key === null) throw new Error('a channel’s secret was not checked')
      return { headers: { ...headers, ...signedHeaders(key, notice, Math.floor(now / 1000), body) }, body }
    }
  }
}
