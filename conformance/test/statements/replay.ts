/**
 * Runs one schedule again, by the name that a failure gives it, and tells what happens.
 *
 *   LASH_TEST_POSTGRES_URL=... node conformance/test/statements/replay.ts 'put: intent n x | claim x, writes, AABBA'
 *     [--without 'an intent locks its content']
 */
import { parseArgs } from 'node:util'
import { plans } from './crossings.ts'
import { nameOf, replay } from './explore.ts'
import { rewriting, sabotages } from './sabotages.ts'
import type { Grain } from './world/actor.ts'
import { Ground } from './world/ground.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { without: { type: 'string' } } })
const [, name, grain, schedule] = /^(.*), (statements|writes), (\w+)$/.exec(positionals[0] ?? '') ?? []
const crossings = [...plans.flatMap(plan => plan.crossings), ...sabotages.map(({ crossing }) => crossing)]
const crossing = crossings.find(each => nameOf(each) === name)
if (crossing === undefined || schedule === undefined) throw new Error(`there is no crossing '${name}'`)
const sabotage = sabotages.find(({ without }) => without === values.without)
if (sabotage === undefined && values.without !== undefined) throw new Error(`there is no rule '${values.without}'`)

const ground = await Ground.make({ stalls: grain === 'writes' })
if (sabotage !== undefined) ground.rewrite = rewriting(sabotage)
console.log(await replay(ground, crossing, grain as Grain, schedule))
await ground.close()
