// What simulated containers do by themselves: the lines they log, and whether they crash. By image; data and small functions.

/** How a container behaves. */
export interface Behaviour {
  /** Lines at start. */
  readonly start?: readonly string[]
  /** A line now and then; `n` counts up, `time` is RFC 3339. */
  readonly line?: (n: number, time: string) => string
  /** Milliseconds between lines. */
  readonly everyMs?: number
  /** Ends by itself with this exit code after so long. */
  readonly exit?: { readonly afterMs: number; readonly code: number }
}

const pick = <T>(items: readonly [T, ...T[]], n: number): T => items[n % items.length] ?? items[0]

const PATHS = [
  '/',
  '/products',
  '/products/17',
  '/cart',
  '/assets/app.css',
  '/search?q=teapot',
  '/healthz',
  '/products/42',
] as const
const STATUS = [200, 200, 200, 304, 200, 200, 200, 404] as const

const access = (n: number, time: string) =>
  `10.244.0.${2 + (n % 9)} - - [${time}] "GET ${pick(PATHS, n * 3)} HTTP/1.1" ${pick(STATUS, n * 5)} ${512 + ((n * 977) % 9000)} "-" "demo-browser/1.0" rt=0.0${10 + (n % 80)}`

const jsonLine = (component: string, messages: readonly [string, ...string[]]) => (n: number, time: string) =>
  JSON.stringify({
    time,
    level: n % 11 === 10 ? 'warn' : 'info',
    component,
    msg: pick(messages, n),
    requestId: `req-${(n * 7919 + 4096).toString(16)}`,
    durationMs: 3 + ((n * 13) % 90),
  })

const BY_IMAGE: readonly (readonly [string, Behaviour])[] = [
  ['shop/web', { start: ['demo-web 2.4.1 (simulated)', 'listening on 0.0.0.0:8080'], line: access, everyMs: 4000 }],
  [
    'shop/api',
    {
      start: [
        '{"level":"info","msg":"starting demo api 5.0.3 (simulated)"}',
        '{"level":"info","msg":"connecting","dsn":"postgres://shop:fake-demo-password-not-real@db.shop.svc:5432/shop"}',
        '{"level":"info","msg":"listening","port":8080}',
      ],
      line: jsonLine('api', [
        'GET /v1/products 200',
        'GET /v1/cart 200',
        'POST /v1/cart/items 201',
        'cache refreshed',
        'GET /v1/products 200',
      ]),
      everyMs: 3500,
    },
  ],
  [
    'shop/checkout',
    {
      start: ['checkout: demo build 1.9.0 (simulated)', 'checkout: using payment provider "fake-pay" in test mode'],
      line: (n, time) =>
        `${time} checkout order=${10_400 + n} amount=${(n * 7) % 200}.${String((n * 37) % 100).padStart(2, '0')} EUR state=${pick(['authorised', 'captured', 'captured', 'declined'], n)}`,
      everyMs: 5000,
    },
  ],
  [
    'postgres',
    {
      start: [
        'PostgreSQL Database directory appears to contain a database; Skipping initialization',
        'LOG:  starting PostgreSQL 16.0 (simulated for the demo)',
        'LOG:  database system is ready to accept connections',
      ],
      line: (n, time) =>
        `${time} [${27 + (n % 5)}] LOG:  checkpoint complete: wrote ${12 + ((n * 17) % 90)} buffers (0.1%)`,
      everyMs: 15_000,
    },
  ],
  [
    'redis',
    {
      start: ['Ready to accept connections tcp (simulated)'],
      line: (n, time) => `1:M ${time} * ${100 + n} changes in 60 seconds. Saving...`,
      everyMs: 20_000,
    },
  ],
  [
    'payments/ledger',
    {
      start: [
        'ledger: starting (simulated)',
        'ledger: reading LEDGER_SIGNING_KEY',
        'ledger: connecting to postgres://ledger@ledger-db.payments.svc:5432/ledger',
        'ledger: FATAL: password authentication failed for user "ledger"',
        'ledger: hint: Secret payments/ledger-db was rotated, but this Deployment still reads key "password-old"',
        'ledger: exiting with code 1',
      ],
      exit: { afterMs: 900, code: 1 },
    },
  ],
  [
    'payments/gateway',
    {
      start: ['payments-gateway: demo build (simulated)', 'payments-gateway: accepting fake cards only'],
      line: jsonLine('gateway', ['authorise ok', 'capture ok', 'webhook delivered', 'refund ok']),
      everyMs: 6000,
    },
  ],
  [
    'coredns',
    {
      start: ['.:53', 'CoreDNS-1.11 (simulated)'],
      line: (n) => `[INFO] 10.244.0.${2 + (n % 9)}:4${100 + n} - "A IN api.shop.svc.cluster.local. udp 41" NOERROR`,
      everyMs: 12_000,
    },
  ],
  ['metrics-server', { start: ['Serving securely on [::]:10250 (simulated)'] }],
  ['kube-proxy', { start: ['Using iptables Proxier (simulated)'] }],
  [
    'nginx',
    {
      start: ['/docker-entrypoint.sh: Configuration complete; ready for start up', 'nginx: demo of nginx, simulated'],
      line: access,
      everyMs: 8000,
    },
  ],
]

/** Images that have nothing to serve: what they do is their command. */
const TOOL_IMAGES = /(^|\/)(busybox|alpine|debian|ubuntu|bash|curl|toolbox|shop\/jobs)(:|@|$)/

/** The behaviour of an image; an empty one when it is unknown. */
export function behaviourOf(image: string): Behaviour {
  return BY_IMAGE.find(([name]) => new RegExp(`(^|/)${name}(:|@|$)`).test(image))?.[1] ?? {}
}

/** True when a container's command is to be run in the simulated shell. */
export function runsCommand(image: string): boolean {
  return TOOL_IMAGES.test(image)
}
