// Which session and command a request belongs to. In: requests of proven identities, as they come and as they end.
// Out: ids, and the entry that opens a session. Only for grouping: it rests on the client's claims and judges nothing.

import type { LogEvent } from '../../protocol/log/event.ts'
import type { Authenticated } from '../context.ts'
import type { Clock, Entry } from '../ports.ts'
import { type Place, timestamp } from './entries.ts'

/** Without a session in the token, a session ends when its identity is quiet on the connection for so long. */
export const SESSION_IDLE_MS = 30 * 60_000
/** Without `Kubectl-Session`, a command ends when its client is quiet for so long and nothing of it runs, or helm begins anew. */
export const COMMAND_IDLE_MS = 3_000
/** Remembered at once; past it the longest unused is forgotten. Stops identities and ids without number. */
const MAX_SESSIONS = 10_000
const MAX_COMMANDS = 20_000
/** Keys are made of client headers: what is longer is cut. */
const MAX_KEY_LENGTH = 256

/** One request's stay in its command. */
export interface Visit extends Place {
  /** To be appended before the intent, in the same call; null when the session was opened already. */
  readonly open: Entry | null
  /** The append failed: the next request opens the session again. */
  failed(): void
  /** The request has ended. Idempotent. */
  leave(): void
}

export interface Sessions {
  enter(request: Pick<Authenticated, 'identity' | 'connection' | 'client' | 'info' | 'receivedAt'>): Visit
}

interface Command {
  readonly id: string
  running: number
  lastAt: number
}

interface Session {
  readonly id: string
  opened: boolean
  running: number
  lastAt: number
}

/**
 * `ids` makes UUIDv7s. A session named by its token keeps that name, also over a restart (it is then opened once more);
 * without one a restart begins a new session.
 */
export function createSessions({ clock, ids }: { clock: Pick<Clock, 'now'>; ids: () => string }): Sessions {
  const sessions = new Map<string, Session>()
  const commands = new Map<string, Command>()

  function sessionOf({ identity, connection }: Parameters<Sessions['enter']>[0], now: number): Session {
    const { issuer, user, session: claim } = identity
    const key = JSON.stringify([issuer, user.username, connection, claim ?? null])
    const known = sessions.get(key)
    const over =
      known !== undefined && claim === undefined && known.running === 0 && now - known.lastAt >= SESSION_IDLE_MS
    const session = known === undefined || over ? { id: claim ?? ids(), opened: false, running: 0, lastAt: now } : known
    remember(sessions, key, session, MAX_SESSIONS)
    return session
  }

  function commandOf(session: Session, { client, info }: Parameters<Sessions['enter']>[0], now: number): Command {
    const named = client.session !== ''
    const claim = named ? `session ${client.session}` : `agent ${client.userAgent}`
    const key = `${session.id} ${claim.slice(0, MAX_KEY_LENGTH)}`
    const known = commands.get(key)
    const quiet = known !== undefined && now - known.lastAt >= COMMAND_IDLE_MS
    const over = known !== undefined && !named && known.running === 0 && (quiet || beginsHelm(client, info))
    const command = known === undefined || over ? { id: ids(), running: 0, lastAt: now } : known
    remember(commands, key, command, MAX_COMMANDS)
    return command
  }

  return {
    enter(request) {
      const now = clock.now()
      const session = sessionOf(request, now)
      const command = commandOf(session, request, now)
      const opens = !session.opened
      session.opened = true
      session.running += 1
      command.running += 1
      session.lastAt = now
      command.lastAt = now
      let inside = true
      return {
        session: session.id,
        command: command.id,
        open: opens ? openEntry(request, session.id, ids()) : null,
        failed() {
          if (opens) session.opened = false
        },
        leave() {
          if (!inside) return
          inside = false
          session.running -= 1
          command.running -= 1
          session.lastAt = clock.now()
          command.lastAt = session.lastAt
        },
      }
    },
  }
}

/** Every run of helm 3 and 4 begins by asking for the version, without a query; its later discovery has one. */
function beginsHelm({ userAgent }: Authenticated['client'], { path, query }: Authenticated['info']): boolean {
  return userAgent.startsWith('Helm/') && path === '/version' && query === ''
}

function openEntry(
  { identity, connection, client, receivedAt }: Parameters<Sessions['enter']>[0],
  session: string,
  id: string,
): Entry {
  const { username, groups, uid } = identity.user
  const event: LogEvent = {
    v: 1,
    type: 'session.open',
    id,
    ts: timestamp(receivedAt),
    session,
    actor: { username, groups, issuer: identity.issuer, ...(uid === '' ? {} : { uid }) },
    connection,
    data: {
      client: client.userAgent.slice(0, MAX_KEY_LENGTH),
      ...(identity.purpose === undefined ? {} : { purpose: identity.purpose }),
    },
  }
  return { event }
}

/** Puts it last in the order of use; forgets the first idle one, else the first, when there are too many. */
function remember<T extends { readonly running: number }>(
  all: Map<string, T>,
  key: string,
  value: T,
  limit: number,
): void {
  all.delete(key)
  if (all.size >= limit) {
    let victim: string | undefined
    for (const [candidate, { running }] of all) {
      victim ??= candidate
      if (running > 0) continue
      victim = candidate
      break
    }
    if (victim !== undefined) all.delete(victim)
  }
  all.set(key, value)
}
