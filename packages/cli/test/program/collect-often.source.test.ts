import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MiB = 1024 * 1024

test('buffers that nobody frees do not pile up as far as Node would let them', () => {
  const module = JSON.stringify(new URL('../../src/collect-often.ts', import.meta.url).href)
  const program = `
    import { setTimeout as pause } from 'node:timers/promises'
    import { collectOften } from ${module}
    collectOften()
    let most = 0
    for (let made = 0; made < 300; made++) {
      new Uint8Array(${MiB})
      await pause(1)
      most = Math.max(most, process.memoryUsage().arrayBuffers)
    }
    console.log(most)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(Number(stdout)).toBeGreaterThan(MiB)
  expect(Number(stdout), 'bytes of buffers at a time, of 300 MiB').toBeLessThan(48 * MiB)
})
