import { consumerStep } from './consumer.ts'
import { packageSteps } from './packages.ts'
import { commandStep, type Outcome, type Step } from './step.ts'
import { vitestStep } from './vitest.ts'

const quietTurbo = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

const steps: Step[] = [
  commandStep('Types', 'tsc', ['-p', 'tsconfig.json']),
  commandStep('Lint and format', 'biome', ['ci', '.']),
  commandStep('Build', 'turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], { env: quietTurbo }),
  commandStep('Size of core', 'size-limit', []),
  ...packageSteps(),
  consumerStep(),
  vitestStep(process.argv.slice(2).filter(argument => argument !== '--')),
]

const total: Outcome = { passed: 0, failed: 0, skipped: 0 }
const summary: string[] = []
for (const [index, step] of steps.entries()) {
  console.log(`\n[${index + 1}/${steps.length}] ${step.title}`)
  const started = performance.now()
  const outcome = await step.run().catch((error: unknown): Outcome => {
    console.error(error)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  total.passed += outcome.passed
  total.failed += outcome.failed
  total.skipped += outcome.skipped
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  summary.push(`  ${outcome.failed === 0 ? 'ok    ' : 'FAILED'}  ${step.title} (${seconds} s)`)
}

console.log(`\n${summary.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
