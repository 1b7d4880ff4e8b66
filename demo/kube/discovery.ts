// Discovery documents: what kinds are served, in the legacy form and in the aggregated one.
// In: the kinds. Out: JSON.

import type { JsonObject } from './json.ts'
import { apiVersionOf, type Kinds, type Resource } from './kinds.ts'

function groupsOf(kinds: Kinds): Map<string, Map<string, Resource[]>> {
  const groups = new Map<string, Map<string, Resource[]>>()
  for (const resource of kinds.all()) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>()
    versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource])
    groups.set(resource.group, versions)
  }
  return groups
}

function gvk(resource: Resource, sub?: { kind: string; group?: string; version?: string }): JsonObject {
  if (sub?.group !== undefined) return { group: sub.group, version: sub.version ?? '', kind: sub.kind }
  return { group: resource.group, version: resource.version, kind: sub?.kind ?? resource.kind }
}

/** `/api` or `/apis` with `as=APIGroupDiscoveryList`. */
export function aggregated(kinds: Kinds, legacyCore: boolean, version: 'v2' | 'v2beta1'): JsonObject {
  const items = [...groupsOf(kinds)]
    .filter(([group]) => (group === '') === legacyCore)
    .map(
      ([group, versions]): JsonObject => ({
        metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
        versions: [...versions].map(
          ([name, resources]): JsonObject => ({
            version: name,
            freshness: 'Current',
            resources: resources.map(
              (resource): JsonObject => ({
                resource: resource.plural,
                responseKind: gvk(resource),
                scope: resource.namespaced ? 'Namespaced' : 'Cluster',
                singularResource: resource.singular,
                verbs: [...resource.verbs],
                ...(resource.shortNames.length === 0 ? {} : { shortNames: [...resource.shortNames] }),
                ...(resource.categories.length === 0 ? {} : { categories: [...resource.categories] }),
                ...(Object.keys(resource.subresources).length === 0
                  ? {}
                  : {
                      subresources: Object.entries(resource.subresources).map(
                        ([sub, spec]): JsonObject => ({
                          subresource: sub,
                          responseKind: gvk(resource, spec),
                          verbs: [...spec.verbs],
                        }),
                      ),
                    }),
              }),
            ),
          }),
        ),
      }),
    )
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

/** Legacy `/api`. */
export function legacyVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  }
}

function groupDocument(group: string, versions: Iterable<string>): JsonObject {
  const list = [...versions].map((version): JsonObject => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: list, preferredVersion: list[0] ?? {} }
}

/** Legacy `/apis`. */
export function groupList(kinds: Kinds): JsonObject {
  const groups = [...groupsOf(kinds)].filter(([group]) => group !== '')
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([group, versions]) => groupDocument(group, versions.keys())),
  }
}

/** Legacy `/apis/GROUP`; absent when the group is not served. */
export function oneGroup(kinds: Kinds, group: string): JsonObject | undefined {
  const versions = groupsOf(kinds).get(group)
  return versions === undefined
    ? undefined
    : { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group, versions.keys()) }
}

/** Legacy `/api/v1` and `/apis/GROUP/VERSION`; absent when it is not served. */
export function resourceList(kinds: Kinds, group: string, version: string): JsonObject | undefined {
  const resources = groupsOf(kinds).get(group)?.get(version)
  if (resources === undefined) return undefined
  const list = resources.flatMap((resource): JsonObject[] => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: [...resource.verbs],
      ...(resource.shortNames.length === 0 ? {} : { shortNames: [...resource.shortNames] }),
      ...(resource.categories.length === 0 ? {} : { categories: [...resource.categories] }),
    },
    ...Object.entries(resource.subresources).map(
      ([sub, spec]): JsonObject => ({
        name: `${resource.plural}/${sub}`,
        singularName: '',
        namespaced: resource.namespaced,
        kind: spec.kind,
        ...(spec.group === undefined ? {} : { group: spec.group, version: spec.version ?? '' }),
        verbs: [...spec.verbs],
      }),
    ),
  ])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources: list }
}
