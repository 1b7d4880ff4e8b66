// What was recorded, for the app and the CLI. Every answer that shows a recording has left a `view` or `export` event first.

import { toStream } from '../../bytes.ts'
import type { ByteSource } from '../../context.ts'
import { writeAsciicast } from '../asciicast.ts'
import { apiEntry } from '../event.ts'
import { RECORDED_CONTENT_POLICY } from '../headers.ts'
import { cursor, filterOf, ID, limit, limitOf, text } from '../listing.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type Route } from '../route.ts'
import type { RecordView } from '../views.ts'

const noSession = () => problem(404, 'There is no session of this id.')
const noRequest = () => problem(404, 'There is no request of this id.')

/** The rows. @param recordView records readings */
export function sessionRoutes(recordView: RecordView): readonly Route[] {
  function recorded(source: ByteSource, mediaType: string): Response {
    return new Response(toStream(source), {
      headers: {
        'content-type': mediaType === '' ? 'application/octet-stream' : mediaType,
        'content-disposition': 'attachment',
        'content-security-policy': RECORDED_CONTENT_POLICY,
      },
    })
  }

  async function body(call: Call, kind: 'request' | 'response' | 'stream', mediaType?: string): Promise<Response> {
    const id = param(call, 'id')
    if (!ID.test(id) || (await call.deps.recordings.request(id)) === null) return noRequest()
    await recordView(call, kind, id)
    const found = await call.deps.recordings.body(id, kind)
    if (found === null) return problem(404, `The request has no recorded ${kind} body.`)
    return recorded(found.bytes, mediaType ?? found.mediaType)
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/sessions',
      access: 'viewer',
      operationId: 'listSessions',
      summary: 'Sessions, newest first.',
      query: [
        text('q', 'Text in agent, connection, purpose, kubectl command, resource or namespace.'),
        text('connection', 'Only this connection.'),
        text('agent', 'Only this agent, by username.'),
        cursor,
        limit,
      ],
      response: { status: 200, schema: 'SessionPage' },
      async handle(call) {
        const filter = filterOf(call, { connection: 'connection', agent: 'agent', text: 'q', cursor: 'cursor' })
        return json(await call.deps.recordings.sessions({ ...filter, limit: limitOf(call) }))
      },
    },
    {
      method: 'GET',
      path: '/api/v1/sessions/{id}',
      access: 'viewer',
      operationId: 'getSession',
      summary: 'One session.',
      response: { status: 200, schema: 'SessionSummary' },
      async handle(call) {
        const id = param(call, 'id')
        const session = ID.test(id) ? await call.deps.recordings.session(id) : null
        if (session === null) return noSession()
        await recordView(call, 'session', id)
        return json(session)
      },
    },
    {
      method: 'GET',
      path: '/api/v1/sessions/{id}/commands',
      access: 'viewer',
      operationId: 'listCommands',
      summary: 'The commands of a session, oldest first.',
      query: [cursor, limit],
      response: { status: 200, schema: 'CommandPage' },
      async handle(call) {
        const id = param(call, 'id')
        if (!ID.test(id) || (await call.deps.recordings.session(id)) === null) return noSession()
        await recordView(call, 'session', id)
        const page = { ...filterOf(call, { cursor: 'cursor' }), limit: limitOf(call) }
        return json(await call.deps.recordings.commands(id, page))
      },
    },
    {
      method: 'GET',
      path: '/api/v1/sessions/{id}/requests',
      access: 'viewer',
      operationId: 'listRequests',
      summary: 'The requests of a session, oldest first.',
      query: [text('command', 'Only the requests of this command, by id.'), cursor, limit],
      response: { status: 200, schema: 'RequestPage' },
      async handle(call) {
        const id = param(call, 'id')
        if (!ID.test(id) || (await call.deps.recordings.session(id)) === null) return noSession()
        await recordView(call, 'session', id)
        const page = { ...filterOf(call, { cursor: 'cursor', command: 'command' }), limit: limitOf(call) }
        return json(await call.deps.recordings.requests(id, page))
      },
    },
    {
      method: 'GET',
      path: '/api/v1/sessions/{id}/export',
      access: 'viewer',
      operationId: 'exportSession',
      summary: 'A session as NDJSON of its leaves, or as an asciicast v3.',
      query: [{ name: 'format', type: 'enum', values: ['ndjson', 'asciicast'], description: '`ndjson` when absent.' }],
      response: { status: 200, mediaType: 'application/x-ndjson' },
      async handle(call) {
        const id = param(call, 'id')
        const session = ID.test(id) ? await call.deps.recordings.session(id) : null
        if (session === null) return noSession()
        const format = call.query.get('format') ?? 'ndjson'
        // An export leaves the gateway for good: recorded each time, and on disk before the first byte goes out.
        await call.deps.log.append(
          [apiEntry(call.deps, 'export', callerOf(call), { what: 'session', id, format })],
          'fsynced',
        )
        const asciicast = format === 'asciicast'
        const lines = asciicast
          ? writeAsciicast(session, call.deps.recordings)
          : leafLines(call.deps.recordings.leaves(id))
        return new Response(toStream(sourceOfLines(lines)), {
          headers: {
            'content-type': asciicast ? 'application/x-asciicast' : 'application/x-ndjson',
            'content-disposition': `attachment; filename="session-${id}.${asciicast ? 'cast' : 'ndjson'}"`,
            'content-security-policy': RECORDED_CONTENT_POLICY,
          },
        })
      },
    },
    {
      method: 'GET',
      path: '/api/v1/requests/{id}',
      access: 'viewer',
      operationId: 'getRequest',
      summary: 'One request.',
      response: { status: 200, schema: 'RequestRecord' },
      async handle(call) {
        const id = param(call, 'id')
        const request = ID.test(id) ? await call.deps.recordings.request(id) : null
        if (request === null) return noRequest()
        await recordView(call, 'request', id)
        return json(request)
      },
    },
    {
      method: 'GET',
      path: '/api/v1/requests/{id}/body',
      access: 'viewer',
      operationId: 'getBody',
      summary: 'The masked bytes of a body as recorded.',
      query: [{ name: 'kind', type: 'enum', values: ['request', 'response'], description: '`response` when absent.' }],
      response: { status: 200, mediaType: 'application/octet-stream' },
      handle: (call) => body(call, call.query.get('kind') === 'request' ? 'request' : 'response'),
    },
    {
      method: 'GET',
      path: '/api/v1/requests/{id}/stream',
      access: 'viewer',
      operationId: 'getStream',
      summary: 'The recorded interactive stream of an exec or attach: records of time, channel and bytes.',
      response: { status: 200, mediaType: 'application/octet-stream' },
      handle: (call) => body(call, 'stream', 'application/octet-stream'),
    },
  ]
}

async function* leafLines(leaves: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const leaf of leaves) yield `${leaf}\n`
}

/** Text made piece by piece, as bytes that are pulled; the generator is ended when the reader goes away. */
function sourceOfLines(lines: AsyncGenerator<string>): ByteSource {
  const encoder = new TextEncoder()
  return {
    async read() {
      for (;;) {
        const { done, value } = await lines.next()
        if (done === true) return null
        if (value !== '') return encoder.encode(value)
      }
    },
    cancel() {
      // Nobody reads any more; how the generator ends concerns no one.
      lines.return(undefined).catch(() => undefined)
    },
  }
}
