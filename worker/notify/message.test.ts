import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkTo, messageTo, plain } from './message.ts'
import { HOOK, holdOf, SLACK, TEAMS } from './testing.ts'

const LINK = 'https://gateway.example/approvals/h1'
const NOW = Date.UTC(2026, 0, 1, 0, 0, 30)
const bodyOf = (channel: typeof SLACK, hold = holdOf()) => JSON.parse(messageTo(channel, hold, LINK, 'n1', NOW).body)

describe('a message', () => {
  it('to Slack is blocks of plain text and one link', () => {
    const text = (value: string) => ({ type: 'plain_text', text: value, emoji: false })
    expect(bodyOf(SLACK)).toEqual({
      text: 'A request waits for an answer',
      blocks: [
        { type: 'header', text: text('A request waits for an answer') },
        {
          type: 'section',
          fields: [
            text('Connection\ndemo'),
            text('Policy\ncoding-agents'),
            text('Rule\nchange-with-a-human'),
            text('Hold\nh1'),
            text('Open until\n2026-01-01 00:10 UTC'),
          ],
        },
        { type: 'section', text: { type: 'mrkdwn', text: `<${LINK}|Open it in Sallyport>`, verbatim: true } },
      ],
    })
  })

  it('to Teams is an Adaptive Card of text runs and one action', () => {
    const fact = (name: string, value: string) => ({
      type: 'RichTextBlock',
      spacing: 'Small',
      inlines: [
        { type: 'TextRun', text: `${name}: `, weight: 'Bolder' },
        { type: 'TextRun', text: value, weight: 'Default' },
      ],
    })
    expect(bodyOf(TEAMS, holdOf({ kind: 'plan' }))).toEqual({
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
              { type: 'TextBlock', text: 'A plan waits for an answer', size: 'Medium', weight: 'Bolder', wrap: true },
              fact('Connection', 'demo'),
              fact('Policy', 'coding-agents'),
              fact('Rule', 'change-with-a-human'),
              fact('Hold', 'h1'),
              fact('Open until', '2026-01-01 00:10 UTC'),
            ],
            actions: [{ type: 'Action.OpenUrl', title: 'Open in Sallyport', url: LINK }],
          },
        },
      ],
    })
  })

  it('to a webhook is signed JSON', () => {
    const { headers, body } = messageTo(HOOK, holdOf(), LINK, 'n1', NOW)
    expect(JSON.parse(body)).toEqual({
      type: 'hold.opened',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: {
        id: 'h1',
        url: LINK,
        connection: 'demo',
        policy: 'coding-agents',
        rule: 'change-with-a-human',
        kind: 'request',
        expiresAt: '2026-01-01T00:10:00.000Z',
      },
    })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'n1',
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    })
  })

  it.each([SLACK, TEAMS, HOOK])('to $kind holds nothing an agent can write, and no secret', (channel) => {
    const { headers, body } = messageTo(channel, holdOf(), LINK, 'n1', NOW)
    expect(body + JSON.stringify(headers)).not.toMatch(/AGENTS-WORDS|secret|whsec/)
  })

  it('links to the hold whatever its id', () => {
    expect(linkTo('https://gateway.example', { id: 'a/../b?c#d|e>' })).toBe(
      'https://gateway.example/approvals/a%2F..%2Fb%3Fc%23d%7Ce%3E',
    )
  })
})

describe('a name', () => {
  it.each([
    ['coding-agents', 'coding-agents'],
    ['größer als 10, (大)', 'größer als 10, (大)'],
    ['<https://evil.example|click>', '?https???evil.\u2060example?click?'],
    ['<!channel>', '??channel?'],
    ['@here', '?here'],
    ['*bold* `code` ~no~', '?bold? ?code? ?no?'],
    ['[click](https://evil.example)', '?click?(https???evil.\u2060example)'],
    ['{{DATE(2026-01-01T00:00:00Z)}}', '??DATE(2026-01-01T00?00?00Z)??'],
    [':smile:', '?smile?'],
    ['evil.example', 'evil.\u2060example'],
    ['a\u202eb\u001b[2J\nc', 'a?b??2J?c'],
    ['a'.repeat(121), `${'a'.repeat(120)}…`],
    ['🙂'.repeat(3), '???'],
  ])('%j is shown as %j', (name, shown) => {
    expect(plain(name)).toBe(shown)
  })
})

/** Every string in a JSON value with the object it stands in. */
function* strings(
  value: unknown,
  parent: Readonly<Record<string, unknown>> = {},
): Generator<readonly [string, Record<string, unknown>]> {
  if (typeof value === 'string') yield [value, { ...parent }]
  else if (Array.isArray(value)) for (const each of value) yield* strings(each, parent)
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) yield* strings(each, { ...value })
  }
}

/** Names that try: markup of both programs, links, mentions, card functions, line ends, controls, and anything at all. */
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '<',
          '>',
          '&',
          '|',
          '*',
          '_',
          '~',
          '`',
          '[',
          ']',
          '(',
          ')',
          '!',
          '@',
          '#',
          ':',
          '/',
          '\\',
          '.',
          '\n',
          '{{',
          '}}',
        ],
        ...[
          'https://evil.example',
          'evil.example',
          'www.evil.example',
          'a@evil.example',
          '<!channel>',
          '<@U1>',
          '\u202e',
          '\u001b]8;;',
        ],
        ...['[x](https://evil.example)', '<https://evil.example|x>', '&lt;', '&#60;', '{{DATE(', '${', 'x', ' '],
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
)

describe('whatever policies, rules and connections are called', () => {
  const asked = { seed: 11, numRuns: 500 }

  it('Slack gets one link, the gateway’s own, and no mention or markup', () => {
    fc.assert(
      fc.property(name, name, name, (policy, rule, connection) => {
        const body = bodyOf(SLACK, holdOf({ policy, rule, connection }))
        const plainBody = bodyOf(SLACK)
        expect(body.blocks.length).toBe(plainBody.blocks.length)
        expect(body.blocks[1].fields).toHaveLength(5)
        // Only the last block is read as mrkdwn, and it is the same as ever; so is the text for notifications.
        expect([body.text, body.blocks[0], body.blocks[2]]).toEqual([
          plainBody.text,
          plainBody.blocks[0],
          plainBody.blocks[2],
        ])
        for (const field of body.blocks[1].fields) {
          expect(field).toEqual({ type: 'plain_text', text: expect.any(String), emoji: false })
          expect(field.text.split('\n')).toHaveLength(2)
          expect(field.text.length).toBeLessThan(2000)
          if (field.text.startsWith('Open until')) continue
          expect(field.text).not.toMatch(/[<>&|*`~@:/\\[\]{}!#]|\p{Cc}(?<!\n)|[\u202a-\u202e\u2066-\u2069]/u)
          expect(field.text).not.toMatch(/\.[^\u2060]/)
        }
      }),
      asked,
    )
  })

  it('Teams gets the same card with other words in its text runs', () => {
    fc.assert(
      fc.property(name, name, name, (policy, rule, connection) => {
        const card = bodyOf(TEAMS, holdOf({ policy, rule, connection }))
        const ours = new Set([...strings(bodyOf(TEAMS))].map(([text]) => text))
        for (const [text, parent] of strings(card)) {
          if (ours.has(text)) continue
          expect(parent).toMatchObject({ type: 'TextRun', text })
          expect(text).not.toMatch(/[<>&|*`~@:/\\[\]{}!#\n]|\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
          expect(text).not.toMatch(/\.[^\u2060]/)
        }
        expect([...strings(card)]).toHaveLength([...strings(bodyOf(TEAMS))].length)
      }),
      asked,
    )
  })

  it('a webhook gets them exactly as they are', () => {
    fc.assert(
      fc.property(name, name, name, (policy, rule, connection) => {
        expect(bodyOf(HOOK, holdOf({ policy, rule, connection })).data).toMatchObject({ policy, rule, connection })
      }),
      asked,
    )
  })
})
