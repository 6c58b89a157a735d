import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { tarballOf } from './packages.ts'
import { installRuntime, pinnedNode, type Runtime } from './runtimes.ts'
import { type Outcome, outcomeOf, root, runCommand, type Step, sumOf } from './step.ts'

/** The runners that a project can have, and what runs them. */
const runtimes: Readonly<Record<string, () => Promise<Runtime>>> = {
  vitest: async () => pinnedNode(),
  node: async () => pinnedNode(),
  bun: () => installRuntime('bun', 'latest'),
  deno: () => installRuntime('deno', 'latest'),
}

/**
 * Does what the guide for authors says, outside the workspace: writes a project for each runner, installs the tarballs,
 * sees what is missing, fills in the code of the guide, and runs the kit: all of it with vitest, and with the others
 * what goes through store and manifest together.
 */
export function projectsStep(): Step {
  return {
    title: 'Projects of npm create, filled in with the code of the guide, with each runner',
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'lash-attachments-projects-'))
      try {
        return await runProjects(folder)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

async function runProjects(folder: string): Promise<Outcome> {
  const create = [
    'exec',
    '--yes',
    `--package=${await tarballOf('packages/create')}`,
    '--',
    'create-attachments-backend',
  ]
  for (const runner of Object.keys(runtimes)) {
    await mkdir(join(folder, runner))
    const options = { cwd: join(folder, runner), quiet: true }
    if ((await runCommand('npm', [...create, 'one-file', '--runner', runner], options)) !== 0) return outcomeOf(false)
  }
  // The first has all tools; the others take what is installed there, and leave the longest tests to it.
  const [first, ...others] = Object.keys(runtimes).map(runner => join(folder, runner, 'one-file')) as [string]
  if (!(await install(first))) return outcomeOf(false)
  for (const project of others) {
    await symlink(join(first, 'node_modules'), join(project, 'node_modules'))
    for (const name of ['store', 'manifest']) await rm(join(project, 'test', `${name}.test.ts`))
  }
  const outcomes = await Promise.all([runAll([first]), runAll(others)])
  return sumOf(outcomes.flat())
}

/** One after the other. */
async function runAll(projects: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const project of projects) {
    const runner = basename(dirname(project))
    const ok = await isGreenWhenFilledIn(project, await (runtimes[runner] as () => Promise<Runtime>)())
    console.log(`  ${ok ? 'ok    ' : 'FAILED'}  ${runner}`)
    outcomes.push(outcomeOf(ok))
  }
  return outcomes
}

async function install(project: string): Promise<boolean> {
  const tarballs = await Promise.all(['packages/core', 'conformance'].map(tarballOf))
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs]
  return (await runCommand('npm', args, { cwd: project, quiet: true })) === 0
}

async function isGreenWhenFilledIn(project: string, runtime: Runtime): Promise<boolean> {
  const before = await runScript(project, runtime, 'next')
  if (before.ok || !before.output.includes('connect() in src/connection.ts is not written yet')) {
    console.error(`the next thing to write should be connect(), not:\n${before.output}`)
    return false
  }
  await cp(join(root, 'examples', 'your-own-backend'), project, { recursive: true })
  for (const script of ['typecheck', 'build', 'test']) {
    const { ok, output } = await runScript(project, runtime, script)
    if (ok) continue
    console.error(output)
    return false
  }
  return true
}

function runScript(cwd: string, runtime: Runtime, script: string): Promise<{ ok: boolean; output: string }> {
  const PATH = [dirname(runtime.program), process.env.PATH].join(delimiter)
  // With NODE_TEST_CONTEXT, node:test would take the process for a child of its own.
  const env = { ...process.env, PATH, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' }
  return new Promise(resolve => {
    execFile('npm', ['run', '--silent', script], { cwd, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}` })
    })
  })
}
