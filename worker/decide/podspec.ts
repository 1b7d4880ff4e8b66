// Finds the Pod spec in an object. In: an object as it was read. Out: its Pod spec, or null. No I/O.

type Fields = Readonly<Record<string, unknown>>

function fields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

function at(value: unknown, ...path: readonly string[]): Fields | null {
  let found = fields(value)
  for (const key of path) {
    if (found === null || !Object.hasOwn(found, key)) return null
    found = fields(found[key])
  }
  return found
}

/**
 * The Pod spec that an object is, or that it makes Pods from: of a Pod `spec`; of workloads `spec.template.spec`, of CronJobs
 * `spec.jobTemplate.spec.template.spec`, of PodTemplates `template.spec`. Custom resources of the same shapes as well. Only
 * what lists `containers` is one. Templates come first: a custom resource may have containers of its own beside one.
 */
export function podSpecOf(object: unknown): unknown {
  const found = [
    at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec'),
    at(object, 'spec', 'template', 'spec'),
    at(object, 'template', 'spec'),
    at(object, 'spec'),
  ]
  return found.find((spec) => spec !== null && Array.isArray(spec.containers)) ?? null
}
