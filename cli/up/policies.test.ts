import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectApi, Refused } from '../api.ts'
import { fakeGateway, Problem } from '../commands/testing.ts'
import { applyPolicies, readPolicies } from './policies.ts'

let gateway: Awaited<ReturnType<typeof fakeGateway>>
beforeEach(async () => {
  gateway = await fakeGateway()
  gateway.answers.set('PUT /api/v1/documents', { items: [] })
})
afterEach(() => gateway.close())

it.each([
  ['the example, to a gateway that is new', [], [], 1],
  ['nothing, where somebody has worked already', [{ name: 'demo' }], [], 0],
  ['what was asked for, to a gateway that is new', [], ['a.yaml', 'b.yaml'], 2],
  ['what was asked for, at every start', [{ name: 'demo' }], ['a.yaml', 'b.yaml'], 2],
])('applies %s', async (_, items, names, expected) => {
  gateway.answers.set('GET /api/v1/connections', { items })
  const files = names.map((name) => join(gateway.data, name))
  for (const file of files) await writeFile(file, JSON.stringify(file))
  await applyPolicies(await connectApi(gateway.data), await readPolicies(files))
  const put = gateway.asked.filter(({ method }) => method === 'PUT').map(({ body }) => body)
  expect(put).toHaveLength(expected)
  if (names.length > 0) expect(put).toEqual(files)
})

it('says which file is wrong', async () => {
  gateway.answers.set('GET /api/v1/connections', { items: [] })
  gateway.answers.set('PUT /api/v1/documents', new Problem(422, 'spec.rules: expected an array'))
  const act = applyPolicies(await connectApi(gateway.data), [{ name: 'a.yaml', text: '{}' }])
  await expect(act).rejects.toThrow(new Refused(422, 'a.yaml: spec.rules: expected an array'))
  await expect(readPolicies([join(gateway.data, 'none.yaml')])).rejects.toThrow(/cannot read/)
})
