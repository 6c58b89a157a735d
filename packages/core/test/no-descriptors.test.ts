import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Takes every file descriptor, puts and reads a stream, gives some back, and goes on until both work; prints what came of each. */
const script = `
  import { closeSync, openSync } from 'node:fs'
  import { AttachmentIoError } from '@lash/attachments-core'
  import { InMemoryAttachmentStore } from '@lash/attachments-memory'

  const store = new InMemoryAttachmentStore()
  const { id } = await store.put(new Uint8Array(10), { mediaType: 'a/b' })
  const taken = []
  try {
    for (;;) taken.push(openSync('/dev/null'))
  } catch {}
  const outcome = promise => promise.then(() => 'done', error => (AttachmentIoError.isInstance(error) ? 'io' : String(error)))
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

test.skipIf(process.platform === 'win32')(
  'without file descriptors, what loads on demand fails with an io error, and loads when there are some',
  async () => {
    const limited = 'ulimit -n 80 && exec "$0" --input-type=module --eval "$1"'
    const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
    const outcomes = JSON.parse(stdout) as string[]
    expect(outcomes[0]).toBe('io io')
    expect(outcomes.at(-1)).toBe('done done')
    expect(outcomes.filter(outcome => !/^(io|done) (io|done)$/.test(outcome))).toEqual([])
  },
)
