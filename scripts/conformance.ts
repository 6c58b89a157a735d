import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServices } from '@lash/attachments-testing/services'
import { reportsOf, runColumns } from './columns-on.ts'
import { Installation } from './installation.ts'
import { packAll } from './packages.ts'
import { installRuntime, pinnedNode, type Runtime } from './runtimes.ts'
import { root, runCommand, sumOf } from './step.ts'

const usage = `Runs the conformance kit on the packed packages, installed outside the workspace.

  pnpm conformance [--backend memory|fs|sqlite|postgres|s3|lmdb|redis ...] [--node|--bun|--deno <version>] [--essential]

  --backend    may be given several times; all without it
  --node 22.19, --bun latest, --deno 2.9.6
               the runtime, from npm; the pinned Node without it
  --essential  bytes in and out, streams, commits, crashes and sweeps instead of the whole kit

The report is left in reports/conformance.md, .html and .json, and a badge of each backend in reports/badges.`

const { values } = parseArgs({
  options: {
    backend: { type: 'string', multiple: true },
    node: { type: 'string' },
    bun: { type: 'string' },
    deno: { type: 'string' },
    essential: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) console.log(usage)
else process.exitCode = (await run()) ? 0 : 1

async function run(): Promise<boolean> {
  const runtime = await chosenRuntime()
  if ((await runCommand('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], { quiet: true })) !== 0)
    return false
  if (!(await packAll())) return false
  const services = await startServices()
  try {
    await using installation = await Installation.make()
    console.log(`The packed packages on ${runtime.name} ${runtime.version}\n`)
    const { backend: backends, essential } = values
    const columns = {
      folder: installation.folder,
      runtime,
      ...(backends && { backends }),
      ...(essential && { essential }),
    }
    const outcomes = await runColumns(columns)
    await mkdir(join(root, 'reports'), { recursive: true })
    for (const name of ['conformance.md', 'conformance.html', 'conformance.json', 'badges']) {
      const report = join(reportsOf(columns), name)
      // There is none when nothing could be run, of which the reason has been printed.
      if (existsSync(report)) await cp(report, join(root, 'reports', name), { recursive: true })
    }
    return sumOf(outcomes.values()).failed === 0
  } finally {
    await services.stop()
  }
}

async function chosenRuntime(): Promise<Runtime> {
  for (const name of ['node', 'bun', 'deno'] as const) {
    const version = values[name]
    if (version !== undefined) return installRuntime(name, version)
  }
  return pinnedNode()
}
