import { parseArgs } from 'node:util'
import { runners, runOnRunner } from './runners-on.ts'
import { root } from './step.ts'

const usage = `Runs harnesses as their authors do, on the sources: with vitest, node:test, Bun's and Deno's test runners.

  pnpm runners [--runner <name> ...] [<part of the name of a harness> ...]

  --runner  ${runners.map(({ name }) => `'${name}'`).join(', ')}; all without it

The harnesses are listed in scripts/runners-on.ts. Those that need servers need those of 'pnpm services'.`

const { values, positionals } = parseArgs({
  options: { runner: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
if (values.help) console.log(usage)
else {
  const { runner: names } = values
  for (const runner of runners.filter(({ name }) => names === undefined || names.includes(name))) {
    const started = performance.now()
    const { passed, failed } = await runOnRunner(
      root,
      runner,
      ({ make }) => positionals.length === 0 || positionals.some(part => make.includes(part)),
    )
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${failed === 0 ? 'ok    ' : 'FAILED'}  ${runner.name}: ${passed} passed (${seconds} s)`)
    if (failed > 0) process.exitCode = 1
  }
}
