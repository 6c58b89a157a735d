import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as kit from '@lash/attachments-conformance'
import * as explorer from '@lash/attachments-conformance/explore'
import { expect, test } from 'vitest'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'

const example = fileURLToPath(new URL('./example/map-store.ts', import.meta.url))

test('the example of the README passes under node:test', async () => {
  const arguments_ = ['--test', '--test-reporter=tap', example]
  // With NODE_TEST_CONTEXT, node:test would take the process for a child of its own.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)(process.execPath, arguments_, { env, maxBuffer: 64 * 1024 * 1024 })
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100)
})

test('the README shows the example as it is', async () => {
  const readme = await readFile(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  expect(readme).toContain(await readFile(example, 'utf8'))
})

test('the programs of the README run the kit without a runner, the explorer and histories', async () => {
  const readme = await readFile(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block as string)
  // Fewer schedules and histories: what they find is found elsewhere.
  const code = blocks
    .filter(block => ['runConformance(', 'exploreSome(', 'runStoreHistories('].some(call => block.includes(call)))
    .map(block => block.replace(/^import .*?from '.*?'$/gms, '').replace(/\b[25]00\b/g, '2'))
  expect(code).toHaveLength(3)
  const printed: unknown[] = []
  const scope = {
    ...kit,
    ...explorer,
    myHarness: memoryManifestHarness,
    myStoreHarness: memoryStoreHarness,
    myManifestHarness: memoryManifestHarness,
    myPairHarness: () => kit.pairHarness(memoryStoreHarness(), memoryManifestHarness()),
    console: { log: (text: unknown) => printed.push(text) },
    process: { exitCode: 1 },
  }
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>
  await new AsyncFunction(...Object.keys(scope), code.join('\n'))(...Object.values(scope))
  expect(printed).toEqual([expect.stringContaining('memory'), expect.stringContaining('|')])
  expect(scope.process.exitCode).toBe(0)
})
