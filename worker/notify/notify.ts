// Tells people's channels that a hold waits for them. In: holds as they open and close. Out: one message per channel, tried again
// until it is taken, the question is over or the tries are used up. Each is stored as waiting before its first try, so that a
// restart goes on with it. One per connection, beside its hub. A channel's trouble never reaches a request.

import type { ChannelConfig } from '../config.ts'
import type { Clock, HoldRecord, HoldStore, NoticeRecord, RandomBytes } from '../ports.ts'
import { FIRST_RETRY_MS, LONGEST_RETRY_MS, MAX_IN_FLIGHT, MAX_NOTICES, MAX_TRIES } from './limits.ts'
import { linkTo, messageTo, type Told } from './message.ts'
import { type Fetch, type Sent, send } from './send.ts'

export interface NotifierOptions {
  readonly channels: readonly ChannelConfig[]
  /** Where the app is, without a trailing slash. */
  readonly appUrl: string
  readonly store: Pick<HoldStore, 'hold' | 'putNotice' | 'waitingNotices' | 'notices'>
  readonly clock: Clock
  /** For jitter. */
  readonly random: RandomBytes
  /** Called with `redirect: 'manual'`; must not follow redirects. */
  readonly fetch: Fetch
  /** A new id for a notice. */
  readonly ids: () => string
  readonly connection: string
  /** What went wrong where nobody waits: a write that failed. Never given a URL or a body. */
  readonly onBug: (error: unknown, where: string) => void
}

export interface Notifier {
  /** Takes up what a former run left waiting. Rejects when the store fails; it may be called again. */
  ready(): Promise<void>
  /** People are asked from now on. Returns at once, never throws. Again for the same hold: nothing happens. */
  opened(hold: HoldRecord): void
  /** Nobody needs to be asked any more. */
  closed(id: string): void
  /** Tries no more: the gateway stops. What waits stays stored for the next run. */
  close(): void
}

/** A hold that people are asked about. */
interface Question {
  readonly hold: Told
  readonly jobs: Set<Job>
  over: boolean
}

/** One notice on its way. */
interface Job {
  readonly question: Question
  readonly channel: ChannelConfig
  notice: NoticeRecord
  /** The channel has taken it; only that must still be stored. */
  taken: boolean
  /** The store must be asked whether the hold still waits: this is not the moment it was opened. */
  check: boolean
  cancel: (() => void) | null
}

/** The notices of one channel whose time has come: a channel that does not answer holds up no other. */
interface Lane {
  readonly queue: Job[]
  inFlight: number
}

const OVER = 'the question was over'

/**
 * Milliseconds to the next try after `tries` of them: doubled each time up to the bound, less up to a fifth by chance.
 * @param chance 0 to 255
 */
export function backoffMs(tries: number, chance: number): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS)
  return Math.round(full * (1 - (0.2 * chance) / 255))
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { channels, appUrl, store, clock, random, ids, connection } = options
  const questions = new Map<string, Question>()
  const lanes = new Map<string, Lane>()
  let jobs = 0
  let stopped = false

  /** A store that closes together with the gateway is no bug. */
  function onBug(error: unknown): void {
    if (!stopped) options.onBug(error, 'notify')
  }

  function addJob(question: Question, channel: ChannelConfig, notice: NoticeRecord, check: boolean): Job {
    const job: Job = { question, channel, notice, taken: false, check, cancel: null }
    question.jobs.add(job)
    jobs++
    return job
  }

  function forget(job: Job): void {
    if (!job.question.jobs.delete(job)) return
    jobs--
    release(job.question)
  }

  function release(question: Question): void {
    const { id } = question.hold
    if (question.jobs.size === 0 && questions.get(id) === question) questions.delete(id)
  }

  async function finish(job: Job, state: 'sent' | 'given-up', error: string | null): Promise<void> {
    job.notice = { ...job.notice, state, error }
    await store.putNotice(job.notice)
    forget(job)
  }

  function enqueue(job: Job): void {
    job.cancel = null
    const lane = lanes.get(job.channel.name) ?? { queue: [], inFlight: 0 }
    lanes.set(job.channel.name, lane)
    lane.queue.push(job)
    drain(lane)
  }

  function wait(job: Job, ms: number): void {
    if (stopped) return
    job.cancel = clock.after(ms, () => enqueue(job))
  }

  function drain(lane: Lane): void {
    while (!stopped && lane.inFlight < MAX_IN_FLIGHT) {
      const job = lane.queue.shift()
      if (job === undefined) return
      lane.inFlight++
      run(job).finally(() => {
        lane.inFlight--
        drain(lane)
      })
    }
  }

  /** Never rejects. */
  async function run(job: Job): Promise<void> {
    try {
      await attempt(job)
    } catch (error) {
      onBug(error)
      const attempts = job.notice.attempts + 1
      job.notice = { ...job.notice, attempts }
      if (attempts < MAX_TRIES) wait(job, backoffMs(attempts, random(1)[0] ?? 0))
      else forget(job)
    }
  }

  async function attempt(job: Job): Promise<void> {
    const { question, channel } = job
    const { hold } = question
    if (job.taken) return finish(job, 'sent', null)
    if (question.over || clock.now() >= hold.expiresAt) return finish(job, 'given-up', job.notice.error ?? OVER)
    if (job.check && (await store.hold(hold.id))?.record.state !== 'pending') {
      return finish(job, 'given-up', job.notice.error ?? OVER)
    }
    job.check = true
    const message = messageTo(channel, hold, linkTo(appUrl, hold), job.notice.id, clock.now())
    const sent = await send(options.fetch, clock, channel.url, message)
    job.notice = { ...job.notice, attempts: job.notice.attempts + 1 }
    job.taken = sent.ok
    if (sent.ok) return finish(job, 'sent', null)
    return again(job, sent)
  }

  async function again(job: Job, sent: Extract<Sent, { ok: false }>): Promise<void> {
    const { question } = job
    const { attempts } = job.notice
    const ms = Math.max(backoffMs(attempts, random(1)[0] ?? 0), sent.afterMs)
    const nextAt = clock.now() + ms
    if (question.over || sent.gone || attempts >= MAX_TRIES || nextAt >= question.hold.expiresAt) {
      return finish(job, 'given-up', sent.error)
    }
    job.notice = { ...job.notice, nextAt, error: sent.error }
    // Armed first: a store that fails here costs the record of one try and not the notice.
    wait(job, ms)
    await store.putNotice(job.notice).catch(onBug)
  }

  async function open(question: Question): Promise<void> {
    const { id } = question.hold
    const before = new Set((await store.notices(id)).map(({ channel }) => channel))
    const news = channels.filter(({ name }) => !before.has(name))
    for (const channel of news) {
      const now = clock.now()
      const notice: NoticeRecord = {
        id: ids(),
        hold: id,
        connection,
        channel: channel.name,
        state: 'waiting',
        attempts: 0,
        nextAt: now,
        error: null,
      }
      if (jobs >= MAX_NOTICES) {
        await store.putNotice({ ...notice, state: 'given-up', error: 'too many notices were under way' })
        continue
      }
      const job = addJob(question, channel, notice, false)
      // A notice that cannot be stored is worth sending all the same.
      await store.putNotice(notice).catch(onBug)
      enqueue(job)
    }
    release(question)
  }

  function told(hold: HoldRecord): Told {
    const { id, kind, connection: name, policy, rule, openedAt, expiresAt } = hold
    return { id, kind, connection: name, policy, rule, openedAt, expiresAt }
  }

  return {
    async ready() {
      for (const notice of await store.waitingNotices(connection)) {
        const known = questions.get(notice.hold)
        if (known !== undefined && [...known.jobs].some((job) => job.notice.id === notice.id)) continue
        const channel = channels.find(({ name }) => name === notice.channel)
        const found = await store.hold(notice.hold)
        if (channel === undefined || found === null || found.record.state !== 'pending') {
          const error = channel === undefined ? 'the channel is not configured any more' : (notice.error ?? OVER)
          await store.putNotice({ ...notice, state: 'given-up', error })
          continue
        }
        // What is over MAX_NOTICES stays as it is, for the next start.
        if (jobs >= MAX_NOTICES) return
        const question = questions.get(notice.hold) ?? { hold: told(found.record), jobs: new Set(), over: false }
        questions.set(notice.hold, question)
        const job = addJob(question, channel, notice, true)
        const ms = notice.nextAt - clock.now()
        if (ms <= 0) enqueue(job)
        else wait(job, Math.min(ms, LONGEST_RETRY_MS))
      }
    },
    opened(hold) {
      if (channels.length === 0 || questions.has(hold.id)) return
      const question: Question = { hold: told(hold), jobs: new Set(), over: false }
      questions.set(hold.id, question)
      open(question).catch((error) => {
        onBug(error)
        release(question)
      })
    },
    closed(id) {
      const question = questions.get(id)
      if (question === undefined) return
      question.over = true
      questions.delete(id)
      for (const job of question.jobs) {
        // Those that wait for their time are ended now; one under way ends by itself.
        if (job.cancel === null) continue
        job.cancel()
        enqueue(job)
      }
    },
    close() {
      stopped = true
      for (const { jobs: waiting } of questions.values()) for (const job of waiting) job.cancel?.()
      questions.clear()
    },
  }
}
