// Every command of the CLI, one row each. What a row does is loaded when it is called.

import type { Command } from '../command.ts'
import { POLICY_COMMANDS } from './policytable.ts'

const file = { name: 'file', short: 'f', value: 'FILE', many: true, help: 'a YAML file; - for standard input' } as const

const REASON = { name: 'reason', value: 'TEXT', help: 'why, one line; recorded, and told to the agent' } as const
const LIMIT = { name: 'limit', value: 'N', help: 'at most so many (default 50)' } as const
const SHORT_ID = 'ID may be the beginning of an id, as long as only one open question begins with it.'

export const COMMANDS: readonly Command[] = [
  {
    words: ['up'],
    summary: 'Run everything on this machine: gateway, connector, app, identity provider, demo cluster.',
    details: `Prints where things are and a one-time login link. Ctrl-C stops all of it; the data folder keeps its state.`,
    options: [
      { name: 'port', value: 'N', help: 'port of the gateway on 127.0.0.1 (default 8443; 0: any)' },
      { name: 'kubeconfig', value: 'F', help: 'your cluster instead of the demo one, as connection `local`' },
      { name: 'context', value: 'C', help: 'which context of the kubeconfig (default: its current one)' },
      {
        name: 'policy',
        value: 'FILE',
        many: true,
        help: 'policies to begin with, instead of demo/policies/coding-agents.yaml',
      },
      { name: 'runtime', value: 'bun|deno', help: 'what the gateway runs on (default bun)' },
    ],
    run: async (invocation) => (await import('./up.ts')).up(invocation),
  },
  {
    words: ['login'],
    positionals: ['URL'],
    summary: 'Log in to a gateway, in the browser or with a token.',
    options: [
      {
        name: 'ca',
        value: 'FILE',
        help: 'PEM of the CA that signs the gateway’s certificate, where it is not a public one',
      },
      { name: 'token-file', value: 'FILE', help: 'a token of the identity provider; - for standard input' },
    ],
    run: async (invocation) => (await import('./login.ts')).login(invocation),
  },
  {
    words: ['token'],
    summary: 'Print a token for a connection, as kubectl’s exec credential plugin.',
    details: `One token serves all kubectl runs of one agent run; it is kept in the data folder.
The identity provider's token comes from --id-token-file, else SALLYPORT_ID_TOKEN, else the data folder of \`sallyport up\`.
SALLYPORT_PURPOSE says what the agent is doing; SALLYPORT_SESSION names its run, where the calling processes do not tell.`,
    options: [
      { name: 'connection', value: 'NAME', help: 'the connection' },
      { name: 'purpose', value: 'TEXT', help: 'what the agent is doing, one line' },
      { name: 'gateway', value: 'URL', help: 'the gateway, where the data folder does not know it' },
      { name: 'ca', value: 'FILE', help: 'PEM of the CA that signs the gateway’s certificate' },
      { name: 'id-token-file', value: 'FILE', help: 'a file with the identity provider’s token, read at each renewal' },
      { name: 'plain', help: 'print the token alone' },
    ],
    run: async (invocation) => (await import('./token.ts')).token(invocation),
  },
  {
    words: ['kubeconfig'],
    positionals: ['CONNECTION'],
    summary: 'Print a kubeconfig for an agent.',
    options: [{ name: 'id-token-file', value: 'FILE', help: 'where the agent’s identity provider token is' }],
    run: async (invocation) => (await import('./kubeconfig.ts')).kubeconfig(invocation),
  },
  {
    words: ['connector'],
    summary: 'Run a connector, next to a cluster.',
    options: [
      { name: 'gateway', value: 'URL', help: 'the gateway to dial' },
      { name: 'gateway-ca', value: 'FILE', help: 'PEM of the CA that signs its certificate' },
      { name: 'connection', value: 'NAME', help: 'the connection to serve' },
      { name: 'state', value: 'DIR', help: 'where the connector’s key is' },
      { name: 'code', value: 'CODE', help: 'a one-time code from `sallyport connector enrol`, the first time' },
      { name: 'kubeconfig', value: 'F', help: 'the cluster, by kubeconfig' },
      { name: 'context', value: 'C', help: 'which context of it' },
      { name: 'in-cluster', help: 'the cluster it runs in, by its service account' },
      { name: 'read-only', help: 'forward nothing that changes or connects' },
      { name: 'deny-namespace', value: 'NS', many: true, help: 'forward nothing for this namespace' },
    ],
    run: async (invocation) => (await import('./connector.ts')).connector(invocation),
  },
  {
    words: ['connector', 'enrol'],
    positionals: ['CONNECTION'],
    summary: 'Get a one-time code for a connector, and the command to run there.',
    listing: true,
    run: async (invocation) => (await import('./connector.ts')).enrol(invocation),
  },
  {
    words: ['connector', 'list'],
    summary: 'List connectors.',
    listing: true,
    run: async (invocation) => (await import('./connector.ts')).list(invocation),
  },
  {
    words: ['connector', 'revoke'],
    positionals: ['ID'],
    summary: 'Revoke a connector’s key.',
    run: async (invocation) => (await import('./connector.ts')).revoke(invocation),
  },
  {
    words: ['apply'],
    summary: 'Apply configuration documents (AccessPolicy, MaskPolicy, Connection, Block).',
    options: [file],
    listing: true,
    run: async (invocation) => (await import('./documents.ts')).apply(invocation),
  },
  {
    words: ['get'],
    positionals: ['KIND', '[NAME]'],
    summary: 'List documents of a kind, or print one: accesspolicies, maskpolicies, connections, blocks.',
    listing: true,
    run: async (invocation) => (await import('./documents.ts')).get(invocation),
  },
  {
    words: ['delete'],
    positionals: ['KIND', 'NAME'],
    summary: 'Delete a document.',
    run: async (invocation) => (await import('./documents.ts')).remove(invocation),
  },
  {
    words: ['sessions', 'list'],
    summary: 'List sessions, newest first.',
    options: [
      { name: 'connection', value: 'NAME', help: 'only this connection' },
      { name: 'agent', value: 'USERNAME', help: 'only this agent' },
      {
        name: 'query',
        short: 'q',
        value: 'TEXT',
        help: 'text in agent, connection, purpose, command, resource or namespace',
      },
      LIMIT,
    ],
    listing: true,
    run: async (invocation) => (await import('./sessions.ts')).list(invocation),
  },
  {
    words: ['sessions', 'show'],
    positionals: ['ID'],
    summary: 'Show the commands and decisions of a session.',
    listing: true,
    run: async (invocation) => (await import('./sessions.ts')).show(invocation),
  },
  {
    words: ['sessions', 'replay'],
    positionals: ['ID'],
    summary: 'Play a session in this terminal.',
    options: [
      { name: 'speed', value: 'N', help: 'times as fast (default 1)' },
      { name: 'idle-limit', value: 'SECONDS', help: 'shorten pauses to this (default 2)' },
    ],
    run: async (invocation) => (await import('./replay.ts')).replay(invocation),
  },
  {
    words: ['sessions', 'export'],
    positionals: ['ID'],
    summary: 'Export a session: its leaves as NDJSON, or an asciicast.',
    options: [
      { name: 'format', value: 'asciicast|ndjson', help: 'default ndjson' },
      { name: 'output', short: 'o', value: 'FILE', help: 'where to (default standard output)' },
    ],
    run: async (invocation) => (await import('./sessions.ts')).exportSession(invocation),
  },
  {
    words: ['sessions', 'end'],
    positionals: ['ID'],
    summary: 'End a session: its streams close and its further requests are refused.',
    options: [REASON],
    listing: true,
    run: async (invocation) => (await import('./blocks.ts')).endSession(invocation),
  },
  {
    words: ['approvals', 'list'],
    summary: 'List what waits for an answer.',
    options: [
      { name: 'all', help: 'what has been answered or has run out as well, behind the open ones' },
      { name: 'connection', value: 'NAME', help: 'only this connection' },
      { name: 'session', value: 'ID', help: 'only this session' },
      LIMIT,
    ],
    listing: true,
    run: async (invocation) => (await import('./approvals.ts')).list(invocation),
  },
  {
    words: ['approvals', 'show'],
    positionals: ['ID'],
    summary: 'Show one question: who asks, the exact request, what it would change, what else it touches.',
    details: SHORT_ID,
    listing: true,
    run: async (invocation) => (await import('./approvals.ts')).show(invocation),
  },
  {
    words: ['approvals', 'approve'],
    positionals: ['ID'],
    summary: 'Let exactly that request pass, once; with --grant, what the rule holds in a scope for a time.',
    details: `${SHORT_ID}
Read it first: sallyport approvals show ID.`,
    options: [
      REASON,
      { name: 'grant', value: 'namespace|object', help: 'open a grant, where the rule offers one' },
      { name: 'for', value: 'TIME', help: 'how long the grant lasts, e.g. 15m' },
    ],
    listing: true,
    run: async (invocation) => (await import('./approvals.ts')).approve(invocation),
  },
  {
    words: ['approvals', 'deny'],
    positionals: ['ID'],
    summary: 'Deny it. One denial ends the question, whoever else has approved.',
    details: SHORT_ID,
    options: [REASON],
    listing: true,
    run: async (invocation) => (await import('./approvals.ts')).deny(invocation),
  },
  {
    words: ['approvals', 'watch'],
    summary: 'Print questions as they are asked, until Ctrl-C.',
    details: 'With -o json: one line of JSON for each.',
    listing: true,
    run: async (invocation) => (await import('./approvals.ts')).watch(invocation),
  },
  {
    words: ['grants', 'list'],
    summary: 'List grants: approvals that cover a scope for a time.',
    options: [{ name: 'all', help: 'those that have ended as well' }, LIMIT],
    listing: true,
    run: async (invocation) => (await import('./grants.ts')).list(invocation),
  },
  {
    words: ['grants', 'end'],
    positionals: ['ID'],
    summary: 'End a grant: what passes by it now is stopped.',
    details: 'ID may be the beginning of an id, as long as only one open grant begins with it.',
    run: async (invocation) => (await import('./grants.ts')).end(invocation),
  },
  {
    words: ['block'],
    positionals: ['session|identity|connection', 'VALUE'],
    summary: 'Stop a session, an identity or a connection: streams end, requests are refused.',
    details: 'VALUE is a session’s id, a username or a connection’s name.',
    options: [REASON],
    listing: true,
    run: async (invocation) => (await import('./blocks.ts')).block(invocation),
  },
  {
    words: ['blocks', 'list'],
    summary: 'List what is blocked.',
    listing: true,
    run: async (invocation) => (await import('./blocks.ts')).list(invocation),
  },
  {
    words: ['unblock'],
    positionals: ['NAME'],
    summary: 'Lift a block, by its name.',
    run: async (invocation) => (await import('./blocks.ts')).unblock(invocation),
  },
  ...POLICY_COMMANDS,
]
