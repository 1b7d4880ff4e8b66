// The resources the demo cluster serves: one table for the built-in ones, and CustomResourceDefinitions added to it.
// No I/O.

import { at, type KubeObject, listAt, objectsAt, textAt } from './json.ts'
import { schemaName } from './schema/schema.ts'

/** A subresource and the kind that is sent to it. */
interface Subresource {
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
}

/** A column a CustomResourceDefinition asks for. */
interface ExtraColumn {
  readonly name: string
  readonly type: string
  readonly description: string
  readonly priority: number
  readonly jsonPath: string
}

/** One served resource. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  readonly categories: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources: Readonly<Record<string, Subresource>>
  /** The type table entry; absent for custom resources. */
  readonly schema?: string
  /** The version objects are kept in; others are converted. */
  readonly storageVersion: string
  readonly columns?: readonly ExtraColumn[]
  /** OpenAPI v3 schema of a custom resource. */
  readonly crdSchema?: KubeObject[string]
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const READ_WRITE = ['get', 'patch', 'update']

/** `group/version of the resource`. */
export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

// group version | plural kind scope short-names categories | subresources
const TABLE = `
- v1 | pods Pod ns po all | status log exec attach portforward proxy eviction ephemeralcontainers
- v1 | services Service ns svc all | status proxy
- v1 | configmaps ConfigMap ns cm
- v1 | secrets Secret ns
- v1 | namespaces Namespace - ns | status finalize
- v1 | nodes Node - no | status proxy
- v1 | events Event ns ev
- v1 | serviceaccounts ServiceAccount ns sa | token
- v1 | persistentvolumeclaims PersistentVolumeClaim ns pvc | status
- v1 | persistentvolumes PersistentVolume - pv | status
- v1 | endpoints Endpoints ns ep
- v1 | replicationcontrollers ReplicationController ns rc all | status scale
- v1 | resourcequotas ResourceQuota ns quota | status
- v1 | limitranges LimitRange ns limits
apps v1 | deployments Deployment ns deploy all | status scale
apps v1 | replicasets ReplicaSet ns rs all | status scale
apps v1 | statefulsets StatefulSet ns sts all | status scale
apps v1 | daemonsets DaemonSet ns ds all | status
apps v1 | controllerrevisions ControllerRevision ns
batch v1 | jobs Job ns - all | status
batch v1 | cronjobs CronJob ns cj all | status
autoscaling v2 | horizontalpodautoscalers HorizontalPodAutoscaler ns hpa all | status
autoscaling v1 | horizontalpodautoscalers HorizontalPodAutoscaler ns hpa all | status
networking.k8s.io v1 | ingresses Ingress ns ing | status
networking.k8s.io v1 | ingressclasses IngressClass -
networking.k8s.io v1 | networkpolicies NetworkPolicy ns netpol
policy v1 | poddisruptionbudgets PodDisruptionBudget ns pdb | status
rbac.authorization.k8s.io v1 | roles Role ns
rbac.authorization.k8s.io v1 | rolebindings RoleBinding ns
rbac.authorization.k8s.io v1 | clusterroles ClusterRole -
rbac.authorization.k8s.io v1 | clusterrolebindings ClusterRoleBinding -
apiextensions.k8s.io v1 | customresourcedefinitions CustomResourceDefinition - crd,crds api-extensions | status
coordination.k8s.io v1 | leases Lease ns
discovery.k8s.io v1 | endpointslices EndpointSlice ns
storage.k8s.io v1 | storageclasses StorageClass - sc
scheduling.k8s.io v1 | priorityclasses PriorityClass - pc
certificates.k8s.io v1 | certificatesigningrequests CertificateSigningRequest - csr | status approval
metrics.k8s.io v1beta1 | pods PodMetrics ns | | get list
metrics.k8s.io v1beta1 | nodes NodeMetrics - | | get list
authorization.k8s.io v1 | selfsubjectaccessreviews SelfSubjectAccessReview - | | create
authorization.k8s.io v1 | selfsubjectrulesreviews SelfSubjectRulesReview - | | create
authorization.k8s.io v1 | subjectaccessreviews SubjectAccessReview - | | create
authorization.k8s.io v1 | localsubjectaccessreviews LocalSubjectAccessReview ns | | create
authentication.k8s.io v1 | selfsubjectreviews SelfSubjectReview - | | create
authentication.k8s.io v1 | tokenreviews TokenReview - | | create
`

const SUBRESOURCES: Readonly<Record<string, Subresource>> = {
  status: { kind: '', verbs: READ_WRITE },
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: READ_WRITE },
  log: { kind: '', verbs: ['get'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  proxy: { kind: '', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  ephemeralcontainers: { kind: '', verbs: READ_WRITE },
  finalize: { kind: '', verbs: ['update'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  approval: { kind: '', verbs: READ_WRITE },
}

/** Groups in the order discovery lists them; the first version of a group is the preferred one. */
function builtinResources(): Resource[] {
  const out: Resource[] = []
  for (const line of TABLE.split('\n')) {
    const [left = '', middle = '', right = '', verbs = ''] = line.split('|').map((part) => part.trim())
    const [groupText = '', version = ''] = left.split(' ')
    const [plural = '', kind = '', scope = '', short = '-', categories = ''] = middle.split(' ')
    if (plural === '') continue
    const group = groupText === '-' ? '' : groupText
    const subresources: Record<string, Subresource> = {}
    for (const name of right.split(' ')) {
      const sub = SUBRESOURCES[name]
      if (sub !== undefined)
        subresources[name] = sub.kind === '' ? { ...sub, kind: name === 'proxy' ? `${kind}ProxyOptions` : kind } : sub
    }
    const schema = schemaName(group, version, kind)
    out.push({
      group,
      version,
      plural,
      singular: kind.toLowerCase(),
      kind,
      shortNames: short === '-' ? [] : short.split(','),
      namespaced: scope === 'ns',
      categories: categories === '' ? [] : categories.split(','),
      verbs: verbs === '' ? ALL : verbs.split(' '),
      subresources,
      storageVersion: group === 'autoscaling' ? 'v2' : version,
      ...(schema === undefined ? {} : { schema }),
    })
  }
  return out
}

/** The resources a CustomResourceDefinition adds, one per served version; none when it makes no sense. */
function resourcesOfCrd(crd: KubeObject): Resource[] {
  const group = textAt(crd, 'spec', 'group')
  const plural = textAt(crd, 'spec', 'names', 'plural')
  const kind = textAt(crd, 'spec', 'names', 'kind')
  const versions = objectsAt(crd, 'spec', 'versions')
  const storage = versions.find((version) => version.storage === true)
  if (group === '' || plural === '' || kind === '' || storage === undefined) return []
  const strings = (name: string) => listAt(crd, 'spec', 'names', name).filter((item) => typeof item === 'string')
  return versions
    .filter((version) => version.served === true)
    .map((version): Resource => {
      const subresources: Record<string, Subresource> = {}
      if (at(version, 'subresources', 'status') !== undefined) subresources.status = { kind, verbs: READ_WRITE }
      const schema = at(version, 'schema', 'openAPIV3Schema')
      return {
        group,
        version: textAt(version, 'name'),
        plural,
        singular: textAt(crd, 'spec', 'names', 'singular') || kind.toLowerCase(),
        kind,
        shortNames: strings('shortNames'),
        namespaced: textAt(crd, 'spec', 'scope') === 'Namespaced',
        categories: strings('categories'),
        verbs: ALL,
        subresources,
        storageVersion: textAt(storage, 'name'),
        columns: objectsAt(version, 'additionalPrinterColumns').map((column) => ({
          name: textAt(column, 'name'),
          type: textAt(column, 'type'),
          description: textAt(column, 'description'),
          priority: typeof column.priority === 'number' ? column.priority : 0,
          jsonPath: textAt(column, 'jsonPath'),
        })),
        ...(schema === undefined ? {} : { crdSchema: schema }),
      }
    })
}

/** The served resources, looked up by path or by kind. */
export class Kinds {
  readonly #builtin = builtinResources()
  readonly #custom = new Map<string, Resource[]>()

  /** Every served resource, built-in ones first. */
  all(): Resource[] {
    return [...this.#builtin, ...[...this.#custom.values()].flat()]
  }

  /** The resource at `/apis/GROUP/VERSION/PLURAL`. */
  byPath(group: string, version: string, plural: string): Resource | undefined {
    return this.all().find((r) => r.group === group && r.version === version && r.plural === plural)
  }

  /** The resource in any version: the first that is served. */
  byPlural(group: string, plural: string): Resource | undefined {
    return this.all().find((r) => r.group === group && r.plural === plural)
  }

  /** The resource of an object's apiVersion and kind. */
  byKind(apiVersion: string, kind: string): Resource | undefined {
    return this.all().find((r) => r.kind === kind && apiVersionOf(r) === apiVersion)
  }

  /** Serves what a definition describes, replacing what it described before. */
  define(crd: KubeObject): void {
    this.#custom.set(crd.metadata.name, resourcesOfCrd(crd))
  }

  /** Stops serving a definition's resources and returns them. */
  undefine(name: string): Resource[] {
    const gone = this.#custom.get(name) ?? []
    this.#custom.delete(name)
    return gone
  }
}
