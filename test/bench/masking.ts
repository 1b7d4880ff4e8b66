// What masking costs: ordinary logs, a PodList, the worst texts known, every rule on its own near-misses at three sizes, memory.
// No network. By itself: `bun test/bench/masking.ts [--json] [--rules]`.

import process from 'node:process'
import type { Finder } from '../../worker/mask/contract.ts'
import { MaskError } from '../../worker/mask/error.ts'
import { budgetFor } from '../../worker/mask/find/budget.ts'
import { createFinder } from '../../worker/mask/find/finder.ts'
import { createMatcher } from '../../worker/mask/find/matcher.ts'
import type { PatternRule } from '../../worker/mask/find/rule.ts'
import { PATTERN_RULES } from '../../worker/mask/find/rules/index.ts'
import { exampleOf } from '../../worker/mask/find/testing.ts'
import { createKnownValues } from '../../worker/mask/find/values.ts'
import { planResponseMask } from '../../worker/mask/response.ts'
import { DEFAULT_MASK_RULES } from '../../worker/mask/rules.ts'
import { createTextStream } from '../../worker/mask/stream.ts'
import { infoOf, JSON_HEADERS, KEY, seeded } from '../../worker/mask/testing.ts'

/** As the hub hands text on. */
const CHUNK_BYTES = 256 * 1024
/** As a container's output comes. */
const FRAME_BYTES = 4 * 1024
const CLEAN_BYTES = 1024 * 1024
const HOSTILE_BYTES = 64 * 1024
/** What of a text below its budget a session is given, to see whether it is withheld. */
const SUSTAINED_BYTES = 4 * 1024 * 1024
const RULE_BYTES = 8 * 1024
/** Many short rounds, of which the best counts: on a busy machine one of them is not interrupted. */
const ROUNDS = 20
const RULE_ROUNDS = 5
/** Work at four times the text, divided by four times the work, from which on a rule is super-linear. */
const SUPER_LINEAR = 1.5

const CLEAN_BUDGET = 150
const STRUCTURE_BUDGET = 100
const HOSTILE_BUDGET = 5

const encoder = new TextEncoder()
const matcher = createMatcher(DEFAULT_MASK_RULES)

interface Speed {
  readonly megabytesPerSecond: number
  readonly budget: number | null
  /** The budget of work was spent: the text is withheld. */
  readonly withheld: boolean
  /** Time at twice the text, divided by twice that of the text: 1 is linear. */
  readonly timeGrowth?: number
}

interface RuleTime {
  readonly rule: string
  readonly megabytesPerSecond: number
  /** Work (as budgets count it) and time at four times the text, divided by four times those of the text: 1 is linear. */
  readonly growth: number
  readonly timeGrowth: number
}

/** The figures of a run. */
export interface MaskingFigures {
  readonly speeds: Readonly<Record<string, Speed>>
  readonly rules: {
    readonly count: number
    readonly superLinear: readonly RuleTime[]
    readonly slowest: readonly RuleTime[]
  }
  readonly memory: { readonly compileMs: number; readonly heapBytes: number }
}

/** Lines as programs, proxies, the JVM and Kubernetes log them; nothing secret in them. */
export function logText(bytes: number): Uint8Array {
  const random = seeded(1)
  const number = (below: number) => Math.floor(random() * below)
  const hex = (count: number) => Array.from({ length: count }, () => '0123456789abcdef'[number(16)]).join('')
  const time = () => `2026-11-21T1${number(10)}:${10 + number(49)}:${10 + number(49)}.${100_000 + number(899_999)}Z`
  const kinds = [
    () =>
      `${time()} INFO [http-nio-8080-exec-${number(20)}] c.a.shop.OrderController - GET /api/orders/${number(1e6)} 200 in ${number(300)}ms`,
    () =>
      `10.244.${number(255)}.${number(255)} - - [21/Nov/2026:17:12:23 +0000] "GET /static/app.${hex(8)}.js HTTP/1.1" 200 ${number(99_999)} "https://shop.example.com/cart" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`,
    () =>
      `I1121 17:12:23.${100_000 + number(899_999)}       1 controller.go:${number(900)}] "Reconciling" controller="deployment" namespace="shop" name="web-${hex(10)}" reconcileID="${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}"`,
    () =>
      `{"level":"info","ts":"${time()}","caller":"server/server.go:${number(900)}","msg":"request completed","method":"POST","path":"/v1/items","status":201,"trace_id":"${hex(32)}","span_id":"${hex(16)}"}`,
    () =>
      `${time()} WARN  o.a.k.clients.NetworkClient - [Consumer clientId=consumer-shop-1, groupId=shop] Connection to node ${number(5)} (kafka-${number(3)}.kafka.svc.cluster.local/10.0.0.${number(255)}:9092) could not be established. Broker may not be available.`,
    () =>
      `level=debug ts=${time()} component=cache msg="cache hit" key=user:${number(1e6)} ttl=${number(300)}s size=${number(9999)}`,
    () => `    at com.example.shop.service.OrderService.lambda$process$${number(9)}(OrderService.java:${number(900)})`,
  ]
  let text = ''
  while (text.length < bytes) text += `${kinds[number(kinds.length)]?.()}\n`
  return encoder.encode(text.slice(0, bytes))
}

/** A PodList as kubectl gets it. */
export function podList(bytes: number): Uint8Array {
  const random = seeded(2)
  const hex = (count: number) =>
    Array.from({ length: count }, () => '0123456789abcdef'[Math.floor(random() * 16)]).join('')
  const items: string[] = []
  for (let size = 0; size < bytes; ) {
    const name = `web-${hex(10)}-${hex(5)}`
    const item = JSON.stringify({
      metadata: {
        name,
        generateName: 'web-',
        namespace: 'shop',
        uid: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
        resourceVersion: String(Math.floor(random() * 1e8)),
        creationTimestamp: '2026-11-21T17:12:23Z',
        labels: { app: 'web', 'pod-template-hash': hex(10), 'app.kubernetes.io/managed-by': 'Helm' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: 'web',
            uid: hex(32),
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
        managedFields: [
          {
            manager: 'kube-controller-manager',
            operation: 'Update',
            apiVersion: 'v1',
            time: '2026-11-21T17:12:23Z',
            fieldsType: 'FieldsV1',
            fieldsV1: {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:env': {} } } },
            },
          },
        ],
      },
      spec: {
        volumes: [
          {
            name: 'kube-api-access-x7k2p',
            projected: {
              sources: [
                { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
                { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
              ],
              defaultMode: 420,
            },
          },
        ],
        containers: [
          {
            name: 'web',
            image: `registry.example.com/shop/web@sha256:${hex(64)}`,
            env: [
              { name: 'LOG_LEVEL', value: 'info' },
              { name: 'PORT', value: '8080' },
              { name: 'DB_HOST', value: 'postgres.shop.svc.cluster.local' },
            ],
            resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
            volumeMounts: [
              {
                name: 'kube-api-access-x7k2p',
                readOnly: true,
                mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
              },
            ],
            terminationMessagePath: '/dev/termination-log',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        serviceAccountName: 'default',
        nodeName: `node-${Math.floor(random() * 100)}`,
        tolerations: [
          { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        ],
      },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: '2026-11-21T17:12:23Z' },
        ],
        hostIP: '10.0.0.7',
        podIP: '10.244.1.9',
        containerStatuses: [
          {
            name: 'web',
            ready: true,
            restartCount: 0,
            containerID: `containerd://${hex(64)}`,
            imageID: `registry.example.com/shop/web@sha256:${hex(64)}`,
          },
        ],
      },
    })
    items.push(item)
    size += item.length
  }
  return encoder.encode(
    `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[${items.join(',')}]}`,
  )
}

/** Texts that make as much work as is known, each over and over. The last were found by climb.ts. */
export const HOSTILE: Readonly<Record<string, string>> = {
  'a=': 'a=',
  'password=': 'password=',
  'password with a blank': 'password ',
  'password glued': 'password',
  'password= and one byte': 'password=x ',
  'names of 64 bytes': `${'a_'.repeat(28)}key=1,`,
  'token":"': 'token":"',
  'key, value': '"key","value":',
  '-----BEGIN ': '-----BEGIN ',
  'BEGIN of private keys': '-----BEGIN PRIVATE KEY-----',
  'BEGIN and base64': `-----BEGIN PRIVATE KEY-----${'MIIE'.repeat(5)} `,
  '://:@': '://:@',
  '://a:b': 'x://a:b',
  'a://a:b/ without an @': 'a://a:b/',
  eyJ: 'eyJ',
  'eyJ.': 'eyJ.',
  'JWT headers': 'eyJhbGciOiJIUzI1NiJ9.',
  'long base64': 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo',
  'long hex': '0123456789abcdef',
  digits: '4111111111111111',
  'digits in fours': '4111 ',
  'dashes and digits': '4-',
  quotes: '"',
  backslashes: '\\',
  'mysql -': 'mysql -',
  'curl -u': ' -u a:',
  'NetworkCredential(': 'networkcredential("',
  'Bearer ': 'Bearer ',
  'Basic and base64': 'Basic QWxhZGRpbg',
  placeholders: '⟦masked:secret:0123456789ab⟧',
  'begun placeholders': '⟦masked:',
  'password pairs': 'password=abcdef12 ',
  'BEGIN of private keys, a line each': '-----BEGIN PRIVATE KEY-----\n',
  'BEGIN of private keys, escaped line ends': '-----BEGIN PRIVATE KEY-----\\n',
  'begun tokens of Slack': 'xoxb-1-',
  'short base64': 'aGVsbG8gd29ybGQ0 ',
  'short base64 with a password in each': 'cGFzc3dvcmQ9YWJjZGVmZyBoZWxsbw== ',
  'base64 of a placeholder begun': '4p+mbWFza2Vk',
  capitals: 'A',
  percent: '%41',
  'escape sequences': '\u001b[1m',
  'placeholders and passwords': '⟦masked:secret:0123456789ab⟧ password=abcdef12 ',
  'escaped placeholders and passwords': '\\u27e6masked:secret:0123456789ab\\u27e7 password=abcdef12\\n',
  'base64 in base64 in a URL':
    'UVVKRFJFVkdSBVRkZTVTFSVlZsZFlXVm9wYXNzd29yZCUyNTNEYSBwcmlzGlfa2V5PVVFM2V5NFpHby1k\\1mrd cGFzc3dvcmQ9YWJjZGVmZyBoZWxsbw== Bearer ',
  'base64 three deep, a line each':
    'VVZWS1JGSkZWa2RTQlZSa1pUVlRGU1ZsWnNaRmxZVm05d1lYTnpkMjl5WkNVeU5UTkVZU0J3Y21sekdsZmEyVjVQVlZGTTJWNU5GcEhieTFrXDFtcmQgY0dGemMzZHZjbVE5WVdKalpHVm1aeUJvWld4c2J3PVpHVm1aeUJvWld4c2J3PVpHVm1aeUJvWld4c2J3PT0gQmVhcmVyIA==\n',
  'base64 in escapes':
    'TFMwdExTMUNSVWRKVXlNRkVkaXM6Ly86TFMwdExTMWNia3RGV1MwdFxyTFMwdFhTMWNia3RGV1MwdFxyT\\\\\\\\\\\\\\\\"1MwdFxyTFMwdFhTMWNia3RGV1MwdFxyTFMwdFhTMWNia3RGV1MwdFxyT\\\\\\\\\\\\\\\\"FMwdwdFxyTFMwTMWNiZ4=. -u a:',
}

/** Texts without a unit: what repeats is remembered here and there, what differs each time is not. */
const VARIED: Readonly<Record<string, (random: () => number) => string>> = {
  'passwords that differ': (random) => `password=${letters(random, 10)}\n`,
  'base64 of passwords that differ': (random) => `${btoa(`password=${letters(random, 10)}`)} `,
  'assignments that differ': (random) => `DB_${letters(random, 6)}_TOKEN=${letters(random, 40)}\n`,
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

function letters(random: () => number, count: number): string {
  return Array.from({ length: count }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('')
}

/** What archives and programs are: any byte. */
function anyBytes(bytes: number): Uint8Array {
  const random = seeded(4)
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))
}

/** A unit over and over. */
export function hostileText(unit: string, bytes: number = HOSTILE_BYTES): Uint8Array {
  return encoder.encode(unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes))
}

function variedText(next: (random: () => number) => string, bytes: number): Uint8Array {
  const random = seeded(5)
  let text = ''
  while (text.length < bytes) text += next(random)
  return encoder.encode(text.slice(0, bytes))
}

function bestMs(rounds: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

function speed(bytes: number, rounds: number, budget: number | null, run: () => void): Speed {
  let withheld = false
  const ms = bestMs(rounds, () => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      withheld = true
    }
  })
  return { megabytesPerSecond: bytes / 1000 / ms, budget, withheld }
}

function matchAll(text: Uint8Array): number {
  let hits = 0
  for (let at = 0; at < text.length; at += CHUNK_BYTES) {
    const chunk = text.subarray(at, at + CHUNK_BYTES)
    hits += matcher.match(chunk, { final: true, budget: budgetFor(chunk.length) }).hits.length
  }
  return hits
}

/** What a session looks for texts with. */
function newSession(): { readonly values: ReturnType<typeof createKnownValues>; readonly finder: Finder } {
  const values = createKnownValues()
  return { values, finder: createFinder(DEFAULT_MASK_RULES, values) }
}

/** A hostile text in sessions of its own: one after the other, and where that is slow the same one over and over. */
function hostileSpeed(text: Uint8Array, run: (session: ReturnType<typeof newSession>) => void): Speed {
  const once = speed(text.length, RULE_ROUNDS, HOSTILE_BUDGET, () => run(newSession()))
  if (once.withheld || once.megabytesPerSecond >= HOSTILE_BUDGET) return once
  const session = newSession()
  const rounds = Math.ceil(SUSTAINED_BYTES / text.length)
  const again = speed(text.length * rounds, 1, HOSTILE_BUDGET, () => {
    for (let round = 0; round < rounds; round++) run(session)
  })
  return { ...once, withheld: again.withheld }
}

/** A text as the stream of one channel of two. */
function streamAll(text: Uint8Array, { values, finder } = newSession()): void {
  const stream = createTextStream({ key: KEY, rules: DEFAULT_MASK_RULES, values, finder }, { 1: 'stdout', 2: 'stderr' })
  for (let at = 0; at < text.length; at += FRAME_BYTES) stream.push(1, text.subarray(at, at + FRAME_BYTES))
  stream.end()
}

/** What a rule comes closest to without finding anything, and what it finds, over and over. */
function ruleText(rule: PatternRule, bytes: number): Uint8Array {
  const random = seeded(3)
  const example = exampleOf(rule, random)
  const word = rule.near[0] ?? ''
  const unit = `${word} ${example.slice(0, -1)}\u0001${word}${example.slice(0, Math.ceil(example.length / 2))} ${word} ${example} `
  return encoder.encode(unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes))
}

function ruleTimes(): readonly RuleTime[] {
  return PATTERN_RULES.map((rule) => {
    const [one, two, four] = [1, 2, 4].map((times) => {
      const text = ruleText(rule, times * RULE_BYTES)
      let work = 0
      const counting = { spend: (units: number) => (work += units) }
      const ms = bestMs(RULE_ROUNDS, () => {
        work = 0
        matcher.match(text, { final: true, budget: counting })
      })
      return { ms, work }
    })
    if (one === undefined || two === undefined || four === undefined) throw new Error('three sizes')
    const growth = Math.max(two.work / (2 * one.work), four.work / (4 * one.work))
    return {
      rule: rule.id,
      megabytesPerSecond: (4 * RULE_BYTES) / 1000 / four.ms,
      growth,
      timeGrowth: four.ms / (4 * one.ms),
    }
  })
}

function memory(): MaskingFigures['memory'] {
  const before = process.memoryUsage().heapUsed
  const start = performance.now()
  // A table of its own is compiled anew.
  const fresh = createMatcher(DEFAULT_MASK_RULES, [...PATTERN_RULES])
  fresh.match(encoder.encode('password=x'), { final: true, budget: budgetFor(10) })
  return { compileMs: performance.now() - start, heapBytes: Math.max(0, process.memoryUsage().heapUsed - before) }
}

/** Measures everything; about 20 s. */
export function maskingFigures(): MaskingFigures {
  const memoryFigures = memory()
  const speeds: Record<string, Speed> = {}
  const log = logText(CLEAN_BYTES)
  const finder = createFinder(DEFAULT_MASK_RULES, createKnownValues())
  if (matchAll(log) > 0) throw new Error('the bench measures something else: its log holds secrets')
  speeds['log, patterns'] = speed(log.length, 3 * ROUNDS, CLEAN_BUDGET, () => matchAll(log))
  speeds['log, patterns in every form'] = speed(log.length, ROUNDS, CLEAN_BUDGET, () => {
    for (let at = 0; at < log.length; at += CHUNK_BYTES)
      finder.find(log.subarray(at, at + CHUNK_BYTES), { final: true })
  })
  const list = podList(CLEAN_BYTES)
  const info = infoOf({ resource: 'pods', path: '/api/v1/namespaces/shop/pods', verb: 'list' })
  speeds['PodList, structure and patterns'] = speed(list.length, 2 * ROUNDS, STRUCTURE_BUDGET, () => {
    const values = createKnownValues()
    const masking = { key: KEY, rules: DEFAULT_MASK_RULES, values, finder: createFinder(DEFAULT_MASK_RULES, values) }
    const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking, requestSecrets: [] })
    if (plan.kind !== 'transform') throw new Error(`the bench measures something else: ${plan.kind}`)
    for (let at = 0; at < list.length; at += CHUNK_BYTES) plan.transform.push(list.subarray(at, at + CHUNK_BYTES))
    plan.transform.end()
  })
  const random = anyBytes(CLEAN_BYTES)
  speeds['random bytes'] = speed(random.length, RULE_ROUNDS, HOSTILE_BUDGET, () => finder.find(random, { final: true }))
  speeds['random bytes, streamed'] = speed(random.length, RULE_ROUNDS, HOSTILE_BUDGET, () => streamAll(random))
  const hostile: [name: string, text: (bytes: number) => Uint8Array][] = [
    ...Object.entries(HOSTILE).map(([name, unit]): [string, (bytes: number) => Uint8Array] => [
      name,
      (bytes) => hostileText(unit, bytes),
    ]),
    ...Object.entries(VARIED).map(([name, next]): [string, (bytes: number) => Uint8Array] => [
      name,
      (bytes) => variedText(next, bytes),
    ]),
  ]
  for (const [name, textOf] of hostile) {
    const text = textOf(HOSTILE_BYTES)
    const twice = textOf(2 * HOSTILE_BYTES)
    speeds[`hostile: ${name}, patterns`] = speed(text.length, RULE_ROUNDS, HOSTILE_BUDGET, () => matchAll(text))
    const once = hostileSpeed(text, (session) => session.finder.find(text, { final: true }))
    const again = hostileSpeed(twice, (session) => session.finder.find(twice, { final: true }))
    speeds[`hostile: ${name}`] = { ...once, timeGrowth: once.megabytesPerSecond / again.megabytesPerSecond }
    speeds[`hostile: ${name}, streamed`] = hostileSpeed(text, (session) => streamAll(text, session))
  }
  const times = ruleTimes()
  const slowest = [...times].sort((a, b) => a.megabytesPerSecond - b.megabytesPerSecond).slice(0, 10)
  return {
    speeds,
    rules: { count: times.length, superLinear: times.filter(({ growth }) => growth >= SUPER_LINEAR), slowest },
    memory: memoryFigures,
  }
}

/** The figures as lines of text. */
export function maskingText({ speeds, rules, memory: { compileMs, heapBytes } }: MaskingFigures): string {
  const lines = Object.entries(speeds).map(([name, { megabytesPerSecond, budget, withheld, timeGrowth }]) => {
    const growth = timeGrowth === undefined ? '' : `  growth (time) ${timeGrowth.toFixed(2)}`
    const kept =
      budget === null
        ? ''
        : `  budget ${budget} MB/s: ${withheld ? 'withheld' : megabytesPerSecond >= budget ? 'kept' : 'missed'}`
    return `  ${name.padEnd(44)} ${megabytesPerSecond.toFixed(1).padStart(7)} MB/s${kept}${growth}\n`
  })
  const slow = rules.slowest.map(
    ({ rule, megabytesPerSecond, growth, timeGrowth }) =>
      `  ${rule.padEnd(44)} ${megabytesPerSecond.toFixed(1).padStart(7)} MB/s  growth ${growth.toFixed(2)} (time ${timeGrowth.toFixed(2)})\n`,
  )
  const bad = rules.superLinear.map(({ rule, growth }) => `  ${rule}: growth ${growth.toFixed(2)}\n`)
  return `\nMasking\n${lines.join('')}\n${rules.count} rules on near-misses of their own, the slowest:\n${slow.join('')}  super-linear: ${rules.superLinear.length}\n${bad.join('')}  compiled in ${compileMs.toFixed(0)} ms, ${(heapBytes / 1e6).toFixed(1)} MB\n`
}

if (import.meta.main) {
  const figures = maskingFigures()
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(figures, null, 2)}\n` : maskingText(figures))
}
