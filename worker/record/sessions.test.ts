import { describe, expect, it } from 'vitest'
import type { Authenticated } from '../context.ts'
import { counter, decided, NOW, testClock } from './fixtures.ts'
import { COMMAND_IDLE_MS, createSessions, SESSION_IDLE_MS } from './sessions.ts'

describe('sessions', () => {
  type Asked = {
    user?: string
    claim?: string
    connection?: string
    kubectl?: string
    agent?: string
    path?: string
    query?: string
  }
  const asked = ({
    user = 'agent',
    claim,
    connection = 'prod',
    kubectl = '',
    agent = 'helm/4',
    path = '/p',
    query = '',
  }: Asked) => ({
    receivedAt: NOW,
    connection,
    identity: {
      ...decided.identity,
      user: { ...decided.identity.user, username: user },
      ...(claim === undefined ? {} : { session: claim, purpose: 'tidy up' }),
    } satisfies Authenticated['identity'],
    client: { userAgent: agent, command: '', session: kubectl },
    info: { ...decided.info, path, query },
  })
  /** Makes each request after a wait; returns the session and command each was put in, numbered as they came up. */
  function run(steps: readonly (Asked & { after?: number; runs?: boolean })[]): [number, number][] {
    const { clock, advance } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const names: [string[], string[]] = [[], []]
    const number = (list: string[], id: string) => (list.includes(id) ? list.indexOf(id) : list.push(id) - 1)
    return steps.map(({ after = 0, runs = false, ...request }) => {
      advance(after)
      const visit = sessions.enter(asked(request))
      if (!runs) visit.leave()
      return [number(names[0], visit.session), number(names[1], visit.command)]
    })
  }

  it.each([
    [
      'one kubectl, one command',
      [{ kubectl: 'a' }, { kubectl: 'a', after: 60_000 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'two kubectl at once, two commands',
      [{ kubectl: 'a' }, { kubectl: 'b' }, { kubectl: 'a' }],
      [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    ],
    [
      'helm that begins anew at once, two commands; its own discovery begins none',
      [
        { agent: 'Helm/4.1.4', path: '/version' },
        { agent: 'Helm/4.1.4', path: '/version', query: 'timeout=32s' },
        { agent: 'Helm/4.1.4', path: '/version', after: 100 },
      ],
      [
        [0, 0],
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'helm that begins while another helm runs: which is which cannot be told, one command',
      [
        { agent: 'Helm/4.1.4', path: '/version', runs: true },
        { agent: 'Helm/4.1.4', path: '/version' },
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'a burst of one client, one command',
      [{}, { after: COMMAND_IDLE_MS - 1 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'a client quiet for long, two commands',
      [{}, { after: COMMAND_IDLE_MS }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'a client whose request still runs, one command',
      [{ runs: true }, { after: 60_000 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'two clients, two commands',
      [{}, { agent: 'k9s' }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'two connections, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'a', connection: 'demo' }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'two identities, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'a', user: 'other' }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'quiet just under the limit, one session',
      [{ kubectl: 'a' }, { kubectl: 'b', after: SESSION_IDLE_MS - 1 }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'quiet for the limit, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'b', after: SESSION_IDLE_MS }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'quiet while something runs, one session',
      [{ runs: true }, { kubectl: 'b', after: SESSION_IDLE_MS }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'a session named by the token does not end',
      [
        { claim: 'x', kubectl: 'a' },
        { claim: 'x', kubectl: 'b', after: SESSION_IDLE_MS },
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'two named sessions',
      [{ claim: 'x' }, { claim: 'y' }, { claim: 'x' }],
      [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
    ],
  ] as const)('%s', (_, steps, places) => {
    expect(run(steps)).toEqual(places)
  })

  it('takes the name of a session from the token, and opens it once', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const first = sessions.enter(asked({ claim: 'x' }))
    expect(first.session).toBe('x')
    expect(first.open?.event).toMatchObject({
      type: 'session.open',
      session: 'x',
      connection: 'prod',
      actor: { username: 'agent' },
      data: { client: 'helm/4', purpose: 'tidy up' },
    })
    expect(sessions.enter(asked({ claim: 'x' })).open).toBeNull()
    first.failed()
    expect(sessions.enter(asked({ claim: 'x' })).open).not.toBeNull()
    const restarted = createSessions({ clock, ids: counter() }).enter(asked({ claim: 'x' }))
    expect([restarted.session, restarted.open === null]).toEqual(['x', false])
  })

  it('counts a request that leaves twice once', () => {
    const { clock, advance } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({}))
    const done = sessions.enter(asked({}))
    done.leave()
    done.leave()
    advance(COMMAND_IDLE_MS)
    expect(sessions.enter(asked({})).command).toBe(running.command)
  })

  it('remembers a bounded number, and forgets idle ones first', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({ user: 'running' }))
    sessions.enter(asked({ user: 'idle' })).leave()
    for (let at = 0; at < 9_999; at += 1) sessions.enter(asked({ user: `user ${at}` })).leave()
    expect(sessions.enter(asked({ user: 'running' })).session).toBe(running.session)
    expect(sessions.enter(asked({ user: 'idle' })).open).not.toBeNull()
  })

  it('remembers a bounded number of commands, and forgets idle ones first', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({ kubectl: 'running' }))
    const idle = sessions.enter(asked({ kubectl: 'idle' }))
    idle.leave()
    for (let at = 0; at < 19_999; at += 1) sessions.enter(asked({ kubectl: `k${at}` })).leave()
    expect(sessions.enter(asked({ kubectl: 'running' })).command).toBe(running.command)
    expect(sessions.enter(asked({ kubectl: 'idle' })).command).not.toBe(idle.command)
  })
})
