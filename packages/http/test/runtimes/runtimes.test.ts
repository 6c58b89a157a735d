import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { expect, onTestFinished, test } from 'vitest'
import { type Outcome, scenarios } from './scenarios.ts'

test.each(Object.entries(scenarios))('on Node: %s', async (_name, scenario) => scenario())

test('on workerd, with the flag for the parts of Node that core needs', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    // As Cloudflare's own tool bundles.
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    logLevel: 'silent',
  })
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text as string }],
    compatibilityDate: '2026-01-01',
    compatibilityFlags: ['nodejs_compat'],
  })
  onTestFinished(() => miniflare.dispose())
  const response = await miniflare.dispatchFetch('http://worker.example/')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ passed: Object.keys(scenarios).length, failed: [] } satisfies Outcome)
})
