import { runScenarios } from './scenarios.ts'

/** Runs the scenarios on the runtime that runs this, and prints `{ passed, failed }` as JSON. */
const outcome = await runScenarios()
console.log(JSON.stringify(outcome))
process.exitCode = outcome.failed.length === 0 ? 0 : 1
