// Rules about objects that no verb and no form of a patch leads past. In: a stage. Out: tests, one per way.

import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Version } from '../installation.ts'
import type { RunOptions } from '../process.ts'
import { deployment, idlePod } from './files.ts'
import type { Agent, Stage } from './stage.ts'

interface Way {
  readonly run: string
  readonly files?: Readonly<Record<string, string>>
  readonly options?: RunOptions
  readonly on?: 'demo'
}

/** How a refusal by policy reads, whatever the client puts before it. */
const REFUSED = /user "bounded-\d+" may not (create|update|patch) deployments\.apps/

/** Ways to the number of replicas of a deployment {name}. */
const replicasBy = (n: number, image: string): readonly Way[] => [
  { run: `kubectl scale deploy {name} -n {ns} --replicas=${n}` },
  { run: `kubectl patch deploy {name} -n {ns} -p '{"spec":{"replicas":${n}}}'` },
  { run: `kubectl patch deploy {name} -n {ns} --type=merge -p '{"spec":{"replicas":${n}}}'` },
  { run: `kubectl patch deploy {name} -n {ns} --type=json -p '[{"op":"replace","path":"/spec/replicas","value":${n}}]'` },
  { run: `kubectl patch deploy {name} -n {ns} --type=json -p '[{"op":"add","path":"/metadata/annotations","value":{"n":"x"}},{"op":"add","path":"/spec/replicas","value":${n}}]'` },
  { run: `kubectl patch deploy {name} -n {ns} --subresource=scale --type=merge -p '{"spec":{"replicas":${n}}}'` },
  { run: 'kubectl apply -n {ns} -f {dir}/web.yaml', files: { 'web.yaml': deployment('{name}', image, n) } },
  { run: 'kubectl apply --server-side --force-conflicts -n {ns} -f {dir}/web.yaml', files: { 'web.yaml': deployment('{name}', image, n) } },
  { run: 'kubectl replace -n {ns} -f {dir}/web.yaml', files: { 'web.yaml': deployment('{name}', image, n) } },
  { run: 'kubectl edit deploy {name} -n {ns}', options: { env: { KUBE_EDITOR: `sed -i 's/^  replicas: [0-9]*/  replicas: ${n}/'` } } },
  { run: 'kubectl create -n {ns} -f {dir}/web.yaml', files: { 'web.yaml': deployment('{name}-new', image, n) } },
  { run: `kubectl create deployment {name}-made -n {ns} --image={image} --replicas=${n}` },
] // biome-ignore format: one way, one line

const PRIVILEGED = '    securityContext: {privileged: true}\n'
const inTemplate = (text: string) => text.replace(/^/gm, '    ')
const bad = 'registry.invalid/other:1'

/** What each rule refuses, by every way there is to a pod's template. */
const refused = (image: string): readonly (Way & { readonly why: string })[] => {
  const privileged = (type: string, patch: string): Way & { why: string } => ({
    run: `kubectl patch deploy web -n {ns} --type=${type} -p '${patch}'`,
    why: 'no privileged pods',
  })
  const secret = (type: string, patch: string): Way & { why: string } => ({
    run: `kubectl patch deploy web -n {ns} --type=${type} -p '${patch}'`,
    why: 'no new secrets in pods',
  })
  const container = (field: string) =>
    `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"${image}",${field}}]}}}}`
  const json = (path: string, value: string) => `[{"op":"add","path":"/spec/template/spec/${path}","value":${value}}]`
  return [
    { run: 'kubectl create -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', image, '', PRIVILEGED) }, why: 'no privileged pods' },
    { run: 'kubectl apply -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', image, '  hostNetwork: true\n') }, why: 'no privileged pods' },
    { run: 'kubectl apply --server-side -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', image, '  hostPID: true\n') }, why: 'no privileged pods' },
    { run: 'kubectl apply -n {ns} -f {dir}/d.yaml', files: { 'd.yaml': deployment('{name}', image, 1, inTemplate(PRIVILEGED)) }, why: 'no privileged pods' },
    { run: 'kubectl replace -n {ns} -f {dir}/d.yaml', files: { 'd.yaml': deployment('web', image, 1, inTemplate(PRIVILEGED)) }, why: 'no privileged pods' },
    { run: 'kubectl run {name} -n {ns} --image={image} --privileged --restart=Never', why: 'no privileged pods' },
    privileged('strategic', container('"securityContext":{"privileged":true}')),
    privileged('merge', container('"securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}')),
    privileged('strategic', `{"spec":{"template":{"spec":{"containers":[{"$patch":"replace"},{"name":"new","image":"${image}","securityContext":{"privileged":true}}]}}}}`),
    privileged('json', json('hostIPC', 'true')),
    privileged('json', json('volumes', '[{"name":"h","hostPath":{"path":"/"}}]')),
    { run: 'kubectl edit deploy web -n {ns}', options: { env: { KUBE_EDITOR: "sed -i 's/^    spec:/    spec:\\n      hostNetwork: true/'" } }, why: 'no privileged pods' },
    { run: 'kubectl debug box -n {ns} --image={image} --profile=sysadmin -- true', on: 'demo', why: 'no privileged pods' },

    { run: `kubectl run {name} -n {ns} --image=${bad} --restart=Never`, why: 'images from our registries only' },
    { run: 'kubectl create -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', bad) }, why: 'images from our registries only' },
    { run: 'kubectl apply --server-side -n {ns} -f {dir}/d.yaml', files: { 'd.yaml': deployment('{name}', bad, 1) }, why: 'images from our registries only' },
    { run: `kubectl create deployment {name} -n {ns} --image=${bad}`, why: 'images from our registries only' },
    { run: `kubectl create job {name} -n {ns} --image=${bad} -- true`, why: 'images from our registries only' },
    { run: `kubectl set image deploy/web -n {ns} app=${bad}`, why: 'images from our registries only' },
    { run: `kubectl patch deploy web -n {ns} --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"${bad}"}]'`, why: 'images from our registries only' },
    { run: `kubectl patch deploy web -n {ns} -p '{"spec":{"template":{"spec":{"$retainKeys":["containers"],"containers":[{"name":"app","image":"${bad}"}]}}}}'`, why: 'images from our registries only' },
    { run: `kubectl patch pod box -n {ns} -p '{"spec":{"containers":[{"name":"main","image":"${bad}"}]}}'`, why: 'images from our registries only' },
    { run: `kubectl debug box -n {ns} --image=${bad} -- true`, on: 'demo', why: 'images from our registries only' },
    { run: `helm install {name} {charts}/chart -n {ns} --set image=${bad}`, why: 'images from our registries only' },

    { run: 'kubectl create -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', image, '  volumes: [{name: v, secret: {secretName: keys}}]\n') }, why: 'no new secrets in pods' },
    { run: 'kubectl apply -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': idlePod('{name}', image, '  volumes: [{name: v, projected: {sources: [{secret: {name: keys}}]}}]\n') }, why: 'no new secrets in pods' },
    { run: 'kubectl apply -n {ns} -f {dir}/d.yaml', files: { 'd.yaml': deployment('web', image, 1, '        envFrom: [{secretRef: {name: keys}}]\n') }, why: 'no new secrets in pods' },
    { run: 'kubectl set env deploy/web -n {ns} --from=secret/keys', why: 'no new secrets in pods' },
    secret('strategic', container('"env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"keys","key":"password"}}}]')),
    secret('merge', '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"keys"}]}}}}'),
    secret('json', json('containers/0/envFrom', '[{"secretRef":{"name":"keys"}}]')),
  ] // biome-ignore format: one way, one line
}

async function way(agent: Agent, { run, files, options }: Way, name: string) {
  const fill = (text: string) => text.replaceAll('{name}', name)
  for (const [file, text] of Object.entries(files ?? {})) await writeFile(agent.door.fill(`{dir}/${file}`), fill(text))
  return agent.door.run(fill(run), options)
}

export function declareBounded(of: {
  stage: () => Stage
  namespace: () => string
  version: Version
  real: boolean
  image: string
}): void {
  const { version, real, image } = of
  const replicas = (namespace: string, name: string): Promise<string> =>
    of
      .stage()
      .admin(['get', 'deploy', '-n', namespace, '-o', `jsonpath={.items[?(@.metadata.name=="${name}")].spec.replicas}`])

  const eleven = replicasBy(11, image)
  const five = replicasBy(5, image)
  test.concurrent.each(eleven.map(({ run }, index) => [run.replaceAll(/\b11\b/g, 'N'), index] as const))(
    'at most ten replicas: %s',
    async (_name, index) => {
      const stage = of.stage()
      const namespace = of.namespace()
      const agent = await stage.agent(version, 'bounded', namespace)
      const name = `many-${version}-${index}`
      await stage.admin(['apply', '-n', namespace, '-f', '-'], deployment(name, image, 1))
      const over = eleven[index]
      const within = five[index]
      if (over === undefined || within === undefined) throw new Error('unreachable')

      const no = await way(agent, over, name)
      expect([no.code, no.stderr], no.stdout).toEqual([1, expect.stringMatching(REFUSED)])
      for (const each of [name, `${name}-new`, `${name}-made`]) expect(await replicas(namespace, each)).not.toBe('11')

      const yes = await way(agent, within, name)
      expect(yes.code, `${yes.stdout}\n${yes.stderr}`).toBe(0)
      const made = /-(new|made)\b/.exec(within.run + JSON.stringify(within.files ?? {}))?.[0] ?? ''
      expect(await replicas(namespace, `${name}${made}`)).toBe('5')
    },
  )

  test.concurrent('at most ten replicas: helm upgrade --set replicas', async () => {
    const stage = of.stage()
    const namespace = of.namespace()
    const { door } = await stage.agent(version, 'bounded', namespace)
    const name = `chart-${version}`
    const set = `-n {ns} --set image={image},replicas=`
    await door.must(`helm install ${name} {charts}/chart ${set}1`)
    const no = await door.run(`helm upgrade ${name} {charts}/chart ${set}11`)
    expect([no.code, no.stderr]).toEqual([1, expect.stringMatching(REFUSED)])
    expect(await replicas(namespace, name)).toBe('1')
    await door.must(`helm upgrade ${name} {charts}/chart ${set}5`)
    expect(await replicas(namespace, name)).toBe('5')
  })

  test.concurrent('at most ten replicas: what has more already is not touched by set, label and annotate either', async () => {
    const stage = of.stage()
    const namespace = of.namespace()
    const { door } = await stage.agent(version, 'bounded', namespace)
    const name = `heavy-${version}`
    await stage.admin(['apply', '-n', namespace, '-f', '-'], deployment(name, image, 11))
    for (const line of [
      `set env deploy/${name} A=b`,
      `set resources deploy/${name} --requests=cpu=1m`,
      `label deploy ${name} a=b`,
      `annotate deploy ${name} a=b`,
    ]) {
      const { code, stderr } = await door.run(`kubectl ${line} -n {ns}`)
      expect([line, code, stderr]).toEqual([line, 1, expect.stringMatching(REFUSED)])
    }
  })

  const rows = refused(image).filter(({ on }) => on === undefined || !real)
  test.concurrent.each(rows.map((row) => [`${row.why}: ${row.run.replace('{name}', 'x')}`, row] as const))(
    '%s',
    async (_name, row) => {
      const stage = of.stage()
      const agent = await stage.agent(version, 'bounded', of.namespace())
      const { code, stdout, stderr } = await way(agent, row, `no-${version}-${rows.indexOf(row)}`)
      expect([code, `${stdout}\n${stderr}`]).toEqual([
        expect.not.stringMatching(/^0$/),
        expect.stringContaining(row.why),
      ])
      expect(code).not.toBe(0)
    },
  )

  test.concurrent('and what keeps to the rules passes', async () => {
    const stage = of.stage()
    const namespace = of.namespace()
    const agent = await stage.agent(version, 'bounded', namespace)
    const name = `good-${version}`
    const pod = idlePod(name, image)
    const good = await way(agent, { run: 'kubectl apply -n {ns} -f {dir}/p.yaml', files: { 'p.yaml': pod } }, name)
    expect(good.code, good.stderr).toBe(0)
    // A secret that was there before may stay.
    const before = deployment(name, image, 1, '        envFrom: [{secretRef: {name: keys}}]\n')
    await stage.admin(['apply', '-n', namespace, '-f', '-'], before)
    await agent.door.must(`kubectl set env deploy/${name} -n {ns} COLOUR=red`)
    await agent.door.must(`kubectl set image deploy/${name} -n {ns} app={image}-next`)
  })
}
