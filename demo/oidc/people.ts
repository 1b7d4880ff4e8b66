// The people of the demo. They have no passwords of their own: one login code opens the login for all of them.

export interface Person {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly groups: readonly string[]
}

export const PEOPLE: readonly Person[] = [
  { id: 'alice', name: 'Alice', role: 'site reliability engineer', groups: ['sre'] },
  { id: 'bob', name: 'Bob', role: 'viewer', groups: ['viewers'] },
]
