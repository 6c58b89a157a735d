import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { examples } from './programs.ts'

// Filled in and run, they are in scripts/projects-on.ts.
test.each([
  'src/connection.ts',
  'src/store.ts',
  'src/manifest.ts',
  'test/store-harness.ts',
  'test/manifest-harness.ts',
])('the guide shows %s as it is', async path => {
  const guide = await readFile(join(examples, '..', 'docs', 'guides', 'write-a-backend.md'), 'utf8')
  const code = await readFile(join(examples, 'your-own-backend', path), 'utf8')
  expect(guide).toContain(`\`\`\`ts\n${code}\`\`\``)
})
