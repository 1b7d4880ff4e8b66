import { describe, expect, it } from 'vitest'
import type { HeldRequest } from './contract.ts'
import { keyOf, withoutDryRun } from './key.ts'
import { heldRequest } from './testing.ts'

const exec = (query: string) => heldRequest({ path: '/api/v1/namespaces/shop/pods/p/exec', method: 'GET', query })

describe('a key', () => {
  const key = keyOf(heldRequest())

  it('is SHA-256 in hex', () => {
    expect(key).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each<[string, HeldRequest]>([
    ['a repeat', heldRequest()],
    ['another client, session and command', heldRequest({ client: 'k9', session: 's9', command: 'c9' })],
    ['the dry run of it', heldRequest({ query: 'dryRun=All&fieldManager=kubectl', dryRun: true })],
    ['another decision on it', heldRequest({ rule: 'other' })],
  ])('is the same for %s', (_, request) => {
    expect(keyOf(request)).toBe(key)
  })

  it.each<[string, HeldRequest]>([
    ['user name', heldRequest({ username: 'other' })],
    ['issuer', heldRequest({ issuer: 'https://other.example' })],
    ['connection', heldRequest({ connection: 'test' })],
    ['method', heldRequest({ method: 'PUT' })],
    ['path', heldRequest({ path: '/api/v1/namespaces/shop/pods/p' })],
    ['query', heldRequest({ query: 'fieldManager=other' })],
    ['order of the query', heldRequest({ query: 'b=1&fieldManager=kubectl' })],
    ['body', heldRequest({ body: new TextEncoder().encode('{"spec":{"replicas": 3}}') })],
    ['absent body', heldRequest({ body: null })],
    ['empty body', heldRequest({ body: new Uint8Array() })],
    ['object', heldRequest({ binding: 'bb22' })],
    ['absent object', heldRequest({ binding: 'absent' })],
  ])('differs with another %s', (_, request) => {
    expect(keyOf(request)).not.toBe(key)
  })

  it.each([
    ['argv', 'command=sh&command=-c&command=id', 'command=sh&command=-c&command=env'],
    ['order of argv', 'command=a&command=b', 'command=b&command=a'],
    ['container', 'command=sh&container=a', 'command=sh&container=b'],
    ['stdin', 'command=sh&stdin=false', 'command=sh&stdin=true'],
    ['tty', 'command=sh', 'command=sh&tty=true'],
  ])('of an exec differs with another %s', (_, one, other) => {
    expect(keyOf(exec(one))).not.toBe(keyOf(exec(other)))
  })

  it('does not confuse where one part ends and the next begins', () => {
    expect(keyOf(heldRequest({ path: '/a', query: 'b' }))).not.toBe(keyOf(heldRequest({ path: '/a","b', query: '' })))
  })
})

describe('a query without its dry run', () => {
  it.each([
    ['', ''],
    ['dryRun=All', ''],
    ['a=1&dryRun=All&b=2', 'a=1&b=2'],
    ['a=1&b=2&dryRun=All', 'a=1&b=2'],
    ['command=dryRun=All', 'command=dryRun=All'],
    ['dryRun=Alles', 'dryRun=Alles'],
    ['dryRun=%41ll', 'dryRun=%41ll'],
    ['xdryRun=All', 'xdryRun=All'],
  ])('%s → %s', (query, expected) => {
    expect(withoutDryRun(query)).toBe(expected)
  })
})
