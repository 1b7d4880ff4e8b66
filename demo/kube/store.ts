// The cluster's state: objects by resource, one resourceVersion for all, and the recent changes a watch replays.
// In: whole objects. Out: whole objects, never to be changed in place. No clock, no validation.

import type { KubeObject } from './json.ts'

/** Changes kept per resource for watches that start in the past; older starts get 410 Gone. */
export const HISTORY_PER_RESOURCE = 1000

/** One change; `before` is absent for ADDED, `object` of DELETED is the last state with the new resourceVersion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly version: number
  readonly object: KubeObject
  readonly before?: KubeObject
}

interface Shelf {
  readonly objects: Map<string, KubeObject>
  readonly changes: Change[]
  readonly listeners: Set<(change: Change) => void>
  /** The newest version that is no longer replayable. */
  forgotten: number
}

/** Names a resource's shelf: `deployments.apps`, `pods.`. */
export function shelfOf(resource: { group: string; plural: string }): string {
  return `${resource.plural}.${resource.group}`
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

/** All objects of the cluster. */
export class Store {
  readonly #shelves = new Map<string, Shelf>()
  readonly #all = new Set<(shelf: string, change: Change) => void>()
  #version = 1000

  #shelf(name: string): Shelf {
    let shelf = this.#shelves.get(name)
    if (shelf === undefined) {
      shelf = { objects: new Map(), changes: [], listeners: new Set(), forgotten: 0 }
      this.#shelves.set(name, shelf)
    }
    return shelf
  }

  /** The newest resourceVersion. */
  get version(): number {
    return this.#version
  }

  /** The newest version of a resource's changes that can no longer be replayed. */
  forgotten(shelf: string): number {
    return this.#shelf(shelf).forgotten
  }

  /** One object; `namespace` is `''` for cluster-scoped ones. */
  get(shelf: string, namespace: string, name: string): KubeObject | undefined {
    return this.#shelf(shelf).objects.get(keyOf(namespace, name))
  }

  /** The objects of a resource in key order, in one namespace or (`''`) in all. */
  list(shelf: string, namespace = ''): KubeObject[] {
    const keys = [...this.#shelf(shelf).objects.keys()]
    const prefix = `${namespace}/`
    return (namespace === '' ? keys : keys.filter((key) => key.startsWith(prefix)))
      .sort()
      .map((key) => this.#shelf(shelf).objects.get(key))
      .filter((object) => object !== undefined)
  }

  /** Stores an object under a new resourceVersion and returns what was stored. */
  put(shelf: string, object: KubeObject): KubeObject {
    const home = this.#shelf(shelf)
    const key = keyOf(object.metadata.namespace ?? '', object.metadata.name)
    const before = home.objects.get(key)
    const version = ++this.#version
    const stored: KubeObject = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    home.objects.set(key, stored)
    this.#tell(shelf, home, {
      type: before === undefined ? 'ADDED' : 'MODIFIED',
      version,
      object: stored,
      ...(before === undefined ? {} : { before }),
    })
    return stored
  }

  /** Removes an object; the answer is its last state, absent when there was none. */
  remove(shelf: string, namespace: string, name: string): KubeObject | undefined {
    const home = this.#shelf(shelf)
    const before = home.objects.get(keyOf(namespace, name))
    if (before === undefined) return undefined
    home.objects.delete(keyOf(namespace, name))
    const version = ++this.#version
    const object: KubeObject = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }
    this.#tell(shelf, home, { type: 'DELETED', version, object, before })
    return object
  }

  #tell(name: string, home: Shelf, change: Change): void {
    home.changes.push(change)
    if (home.changes.length > HISTORY_PER_RESOURCE) {
      for (const old of home.changes.splice(0, home.changes.length - HISTORY_PER_RESOURCE)) home.forgotten = old.version
    }
    for (const listener of [...home.listeners]) listener(change)
    for (const listener of [...this.#all]) listener(name, change)
  }

  /** The kept changes of a resource after a version. */
  changesAfter(shelf: string, version: number): Change[] {
    return this.#shelf(shelf).changes.filter((change) => change.version > version)
  }

  /** Calls back on every change of a resource until the returned function is called. Callbacks must not throw. */
  subscribe(shelf: string, listener: (change: Change) => void): () => void {
    const home = this.#shelf(shelf)
    home.listeners.add(listener)
    return () => home.listeners.delete(listener)
  }

  /** Calls back on every change of anything. */
  subscribeAll(listener: (shelf: string, change: Change) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  /** The names of all shelves that hold or held objects. */
  shelves(): string[] {
    return [...this.#shelves.keys()]
  }
}
