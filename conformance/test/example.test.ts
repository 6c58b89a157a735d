import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

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
