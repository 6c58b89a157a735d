import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/**
 * Takes every file descriptor, puts and reads a stream, gives one back, and goes on until both work or all are back;
 * prints what came of each. The store is made before, with time to load what it needs, or after that, as told.
 */
const script = `
  import { closeSync, openSync } from 'node:fs'
  import { setImmediate as turn } from 'node:timers/promises'
  import { AttachmentIoError } from '@lash/attachments-core'
  import { InMemoryAttachmentStore } from '@lash/attachments-memory'

  const isEarly = process.argv.includes('early')
  const early = isEarly ? new InMemoryAttachmentStore() : undefined
  for (let turns = 0; turns < 1000; turns++) await turn()
  const taken = []
  try {
    for (;;) taken.push(openSync('/dev/null'))
  } catch {}
  const store = early ?? new InMemoryAttachmentStore()
  const { id } = await store.put(new Uint8Array(10), { mediaType: 'a/b' })
  const failure = error => (AttachmentIoError.isInstance(error) ? 'io' : String(error))
  const outcome = promise => promise.then(() => 'done', failure)
  const outcomes = []
  while (taken.length > 0 && outcomes.at(-1) !== 'done done') {
    const put = await outcome(store.put(new Blob(['body']).stream(), { mediaType: 'a/b' }))
    const read = await outcome(store.stream(id).then(({ body }) => body.cancel()))
    outcomes.push(put + ' ' + read)
    closeSync(taken.pop())
  }
  for (const descriptor of taken) closeSync(descriptor)
  console.log(JSON.stringify(outcomes))
`

async function outcomes(when: 'early' | 'late'): Promise<string[]> {
  const limited = 'ulimit -n 80 && exec "$0" --input-type=module --eval "$1" "$2"'
  const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script, when], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  return JSON.parse(stdout) as string[]
}

const nodeTriesAgain = Number.parseInt(process.versions.node, 10) >= 24

test.skipIf(process.platform === 'win32')(
  'a store that was made in time needs no file descriptor for itself',
  async () => {
    expect(await outcomes('early')).toEqual(['done done'])
  },
)

test.skipIf(process.platform === 'win32')(
  'a store made without file descriptors fails with an io error where it needs one, and works when there are some',
  async () => {
    const found = await outcomes('late')
    expect(found[0]).toBe('io io')
    expect(found.filter(outcome => !/^(io|done) (io|done)$/.test(outcome))).toEqual([])
    // Node 22 keeps the failure of a module until the process ends.
    expect(found.at(-1)).toBe(nodeTriesAgain ? 'done done' : 'io io')
  },
)
