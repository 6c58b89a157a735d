import { globSync } from 'node:fs'
import { join } from 'node:path'
import { ensureChromium, ensureStrace, startServices, type TestServices } from '@lash/attachments-testing/services'
import { checkBuiltCode } from './built-code.ts'
import { runColumns } from './columns-on.ts'
import { consumerStep } from './consumer.ts'
import { Installation } from './installation.ts'
import { packageSteps } from './packages.ts'
import { runPrograms } from './programs-on.ts'
import { projectsStep } from './projects-on.ts'
import { RanWhere } from './ran-where.ts'
import { runners, runOnRunner } from './runners-on.ts'
import { installRuntime, pinnedNode, type Runtime, type RuntimeName } from './runtimes.ts'
import { commandStep, failureLine, type Outcome, outcomeOf, root, runCommand, type Step, sumOf } from './step.ts'
import { runVitest } from './vitest.ts'
import { workflowStep } from './workflows.ts'

/*
 * The test command. Everything that goes through public names runs on the packed packages, as users get them; what
 * reads sources runs on those. With arguments, the tests whose file name contains one of them run, on the pinned Node
 * alone.
 */

/** The oldest Node that the packages promise. */
const oldestNode = '22.19'
/**
 * What runs on the pinned Node alone: the examples, the kit but for its essential cases, what tests the kit itself,
 * orders the schedules of others, loses connections, or kills processes and cuts the power at each of their calls; and
 * of the command line what goes beyond one run of every command.
 */
const onPinnedAlone: readonly string[] = [
  'conformance/test/{sabotage,explore,statements}/*.test.ts',
  'conformance/test/matrix/*.test.ts',
  'conformance/test/crash.test.ts',
  'examples/**/test/*.test.ts',
  'conformance/test/{example,store-histories,manifest-histories,session-histories,weak-harness}.test.ts',
  'packages/*/test/{removal,power-cut,full-disk}/*.test.ts',
  'packages/files-sdk/test/conformance-*.test.ts',
  'packages/cli/test/{commands,doctor,upkeep,program}/*.test.ts',
  'packages/*/test/**/*{fault,loss,locking,races,checkpoints,rows-read,failing-calls,watchers,form-data}*.test.ts',
]
/** Where the essential cases run. */
const essentialOn: readonly (readonly [RuntimeName, string])[] = [
  ['node', oldestNode],
  ['node', 'latest'],
  ['bun', 'latest'],
  ['deno', 'latest'],
]

const filters = process.argv.slice(2).filter(argument => argument !== '--')
const ranWhere = new RanWhere()
let services: TestServices | undefined
let installation: Installation | undefined

const quietTurbo = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
const steps: Step[] = [
  commandStep('Types', 'tsc', ['-p', 'tsconfig.json']),
  commandStep('Types of what runs in a browser', 'tsc', ['-p', 'examples/chat/src/page']),
  commandStep('Lint and format', 'biome', ['ci', '.']),
  commandStep('Format of Markdown', 'prettier', ['--check', '--log-level', 'warn', '**/*.md']),
  commandStep('Links in Markdown', 'remark', ['--quiet', '--frail', '--no-stdout', '--ignore-path', '.gitignore', '.']),
  workflowStep(),
  commandStep('Build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], { env: quietTurbo }),
  commandStep('Size of core', 'size-limit', []),
  ...packageSteps(),
  consumerStep(),
  { title: 'Servers and tools of the tests', run: awaitServers },
  { title: 'Tests that read sources', run: testSources },
  { title: 'Install the tarballs outside the workspace', run: install },
  { title: 'What is built says what the sources say', run: compareBuilt },
  { title: 'Types of the tests against the tarballs', run: checkTypes },
  { title: 'Tests on the tarballs, pinned Node', run: async () => testTarballs(pinnedNode()) },
]
if (filters.length === 0) {
  steps.push({
    title: 'Tests on the tarballs, oldest Node',
    run: async () => testTarballs(await installRuntime('node', oldestNode), onPinnedAlone),
  })
  steps.push({ title: 'Essential cases on the tarballs, oldest and newest Node, Bun and Deno', run: testEssentials })
  steps.push(projectsStep())
  steps.push({ title: 'Harnesses as authors run them: vitest, node:test, Bun and Deno', run: testRunners })
}

/** What is missing is installed meanwhile: on a new machine that takes as long as the first steps. */
async function startServers(): Promise<void> {
  await ensureStrace()
  await ensureChromium()
  services = await startServices()
}

async function awaitServers(): Promise<Outcome> {
  await starting
  const env = { NODE_COMPILE_CACHE: 'node_modules/.cache/compiled' }
  await runCommand('node', ['scripts/fill-compile-cache.ts'], { env })
  return { passed: 0, failed: 0, skipped: [services?.s3, services?.redis].filter(one => one === undefined).length }
}

async function testSources(): Promise<Outcome> {
  const all = globSync('{packages/*,conformance,examples/*,scripts}/**/*.source.test.ts', { cwd: root })
  const files = all.filter(file => filters.length === 0 || filters.some(filter => file.includes(filter)))
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 }
  const outcomes = await runVitest({ filters: files })
  ranWhere.addFiles('sources', outcomes)
  return sumOf(outcomes.values())
}

async function install(): Promise<Outcome> {
  installation = await Installation.make()
  return { passed: 1, failed: 0, skipped: 0 }
}

async function compareBuilt(): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const folder of installed().packageFolders()) outcomes.push(await checkBuiltCode(folder))
  return sumOf(outcomes)
}

/** As they are published, types included. */
async function checkTypes(): Promise<Outcome> {
  const { folder } = installed()
  const outcomes: Outcome[] = []
  for (const project of [folder, join(folder, 'tsconfig.loose.json')]) {
    outcomes.push(outcomeOf((await runCommand('tsc', ['-p', project])) === 0))
  }
  return sumOf(outcomes)
}

async function testTarballs(runtime: Runtime, excluded: readonly string[] = []): Promise<Outcome> {
  const files = await runVitest({ folder: installed().folder, runtime, filters, excluded })
  ranWhere.addFiles(`${runtime.name} ${runtime.version}`, files)
  return sumOf(files.values())
}

/** At the same time: much of it is waiting. */
async function testEssentials(): Promise<Outcome> {
  const runtimes = await Promise.all(essentialOn.map(([name, version]) => installRuntime(name, version)))
  const { folder } = installed()
  const runs = await Promise.all(runtimes.map(runtime => runColumns({ folder, runtime, essential: true, quiet: true })))
  for (const [index, backends] of runs.entries()) {
    const { name, version } = runtimes[index] as Runtime
    for (const [backend, outcome] of backends)
      ranWhere.add(`kit on ${backend}`, `${name} ${version}, essential`, outcome)
  }
  const programs: Outcome[] = []
  for (const runtime of runtimes) {
    const outcome = await runPrograms(folder, runtime)
    ranWhere.add('programs of http and core', `${runtime.name} ${runtime.version}, essential`, outcome)
    programs.push(outcome)
  }
  return sumOf([...runs.flatMap(backends => [...backends.values()]), ...programs])
}

async function testRunners(): Promise<Outcome> {
  const { folder } = installed()
  const outcomes = await Promise.all(
    runners.map(runner => runOnRunner(folder, runner, harness => harness.runner === runner.name)),
  )
  for (const [index, { name }] of runners.entries()) ranWhere.add('harnesses', name, outcomes[index] as Outcome)
  return sumOf(outcomes)
}

function installed(): Installation {
  if (installation === undefined) throw new Error('the tarballs are not installed: see above')
  return installation
}

const starting = startServers()
// The step that waits for it says so.
starting.catch(() => {})
const total: Outcome[] = []
const summary: string[] = []
try {
  for (const [index, step] of steps.entries()) {
    console.log(`\n[${index + 1}/${steps.length}] ${step.title}`)
    const started = performance.now()
    const outcome = await step.run().catch((error: unknown): Outcome => {
      console.error(error)
      return { passed: 0, failed: 1, skipped: 0, failures: [failureLine(step.title, String(error))] }
    })
    total.push(outcome)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    summary.push(`  ${outcome.failed === 0 ? 'ok    ' : 'FAILED'}  ${step.title} (${seconds} s)`)
    summary.push(...(outcome.failures ?? []).map(failure => `            ${failure}`))
  }
} finally {
  await installation?.[Symbol.asyncDispose]()
  await starting.catch(() => {})
  await services?.stop()
}

const { passed, failed, skipped, failures } = sumOf(total)
console.log(`\n${summary.join('\n')}\n\n${ranWhere.toMarkdown()}\n`)
// Once more, since whoever sees but the end of a log should see why it failed.
for (const failure of failures) console.log(failure)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
