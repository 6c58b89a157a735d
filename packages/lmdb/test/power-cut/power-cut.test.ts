import { linesOf, newFolder } from '@lash/attachments-testing'
import { cannotRecord } from '@lash/attachments-testing/power-cut'
import { describe, expect, test } from 'vitest'
import { sabotages } from './sabotages.ts'

if (cannotRecord !== undefined) console.log(`power cut tests skipped: ${cannotRecord}`)

const script = new URL('./cut.ts', import.meta.url)

async function cut(...sabotage: string[]): Promise<[states: number, problems: string[]]> {
  const [line = ''] = await linesOf(script, [newFolder(), ...sabotage])
  return JSON.parse(line)
}

describe.skipIf(cannotRecord !== undefined)('a power cut after any operation', () => {
  test('leaves what has resolved, and the rest whole or not at all', async () => {
    const [states, problems] = await cut()
    expect(problems).toEqual([])
    expect(states).toBeGreaterThan(40)
  })

  test.each(sabotages)('is noticed when the syncs of %s are left out', async sabotage => {
    const problems = await cut(sabotage).then(
      ([, problems]) => problems,
      error => [error.signal],
    )
    expect(problems).not.toEqual([])
    expect(problems).not.toEqual([null])
  })
})
