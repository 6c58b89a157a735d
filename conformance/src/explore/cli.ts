#!/usr/bin/env node
import { parseArgs } from 'node:util'
import type { SessionHarness } from '../harness.ts'
import { loadModule } from '../run/load-module.ts'
import { ExplorationFailure } from './judge/violation.ts'
import { plans } from './plans/plans.ts'
import { type Coverage, coverageTable } from './search/coverage.ts'
import { exploreAll } from './search/explore-all.ts'
import { exploreSome } from './search/explore-some.ts'
import { replay } from './search/replay.ts'
import { parseSchedule, planNamed } from './search/schedule.ts'

const usage = `Explores what can happen between sessions and sweepers on a store and a manifest.

  cli.ts --harness <module> [--plan <name>]...            every schedule of these plans (default: of all plans)
  cli.ts --harness <module> --random <n> [--seed <n>]     <n> schedules, chosen at random
  cli.ts --harness <module> --replay '<schedule>'         one schedule, step by step

The module's default export is a session harness of the conformance kit, or a function that returns one.
Plans: ${plans.map(plan => plan.name).join(', ')}`

const { values } = parseArgs({
  options: {
    harness: { type: 'string' },
    plan: { type: 'string', multiple: true },
    random: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean' },
  },
})

async function main(): Promise<void> {
  if (values.help || values.harness === undefined) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const harness = await load(values.harness)
  try {
    if (values.replay !== undefined) await showReplay(harness, values.replay)
    else console.log(coverageTable(await explore(harness)))
  } catch (error) {
    if (!(error instanceof ExplorationFailure)) throw error
    console.error(error.message)
    process.exitCode = 1
  } finally {
    await harness.cleanup()
  }
}

async function load(path: string): Promise<SessionHarness> {
  const module = await loadModule<{ default: unknown }>(path)
  const exported = typeof module.default === 'function' ? await module.default() : module.default
  return exported as SessionHarness
}

async function explore(harness: SessionHarness): Promise<Coverage[]> {
  if (values.random !== undefined) {
    const [plan] = values.plan ?? []
    const seeded = { schedules: Number(values.random), seed: Number(values.seed ?? 1) }
    return [await exploreSome(harness, plan === undefined ? seeded : { ...seeded, plan: planNamed(plan) })]
  }
  const chosen = values.plan?.map(name => planNamed(name)) ?? plans
  const rows: Coverage[] = []
  for (const plan of chosen) {
    if (plan.requires?.some(capability => !harness.capabilities.includes(capability))) continue
    rows.push(await exploreAll(harness, plan))
  }
  return rows
}

async function showReplay(harness: SessionHarness, text: string): Promise<void> {
  const { plan, choices } = parseSchedule(text)
  const fixture = await harness.create()
  try {
    const { trace, violation } = await replay(fixture, plan, choices)
    console.log(`${plan.name}: ${plan.title}`)
    for (const [index, line] of trace.entries()) console.log(`${String(index + 1).padStart(4)}  ${line}`)
    if (violation === undefined) return console.log('every guarantee held')
    console.log(`${violation.kind}: ${violation.text}`)
    process.exitCode = 1
  } finally {
    await fixture.dispose()
  }
}

await main()
