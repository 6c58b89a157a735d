import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { type AttachmentId, type AttachmentListing, type AttachmentStore, contentId } from '@lash/attachments-core'
import { type Finding, finding } from './finding.ts'
import { messageOf } from './message-of.ts'

const small = 1024
/** More than an S3 store sends in one request. */
const big = 9 * 1024 * 1024
const meta = { mediaType: 'application/octet-stream', label: 'written by lash-attachments doctor' }
/** Servers tell whole seconds, and a request takes some. */
const toleratedSkewMs = 5_000
const slowMs = 1_000

/**
 * Puts, reads, lists and deletes random bytes, 1 KiB and 9 MiB of them, and says how long it took. Leaves nothing
 * behind, unless the store refuses to delete.
 */
export async function tryStore(store: AttachmentStore, signal: AbortSignal): Promise<Finding[]> {
  const bodies = [small, big].map(length => randomBytes(length))
  const findings: Finding[] = []
  try {
    const times: string[] = []
    for (const body of bodies) {
      const [before, putMs] = [Date.now(), await timed(() => store.put(body, meta, { signal }))]
      const id = contentId(body)
      const getMs = await timed(() => store.get(id, { signal }))
      times.push(`${body.length === small ? '1 KiB' : '9 MiB'} put in ${ms(putMs)}, read in ${ms(getMs)}`)
      if (body.length === small) {
        findings.push(...listingFindings(await listed(store, id, signal), before, Date.now()))
        if (putMs > slowMs) findings.push(slow(putMs))
      }
    }
    findings.unshift(finding('ok', 'round trip', times.join('; ')))
  } catch (error) {
    signal.throwIfAborted()
    findings.push(finding('problem', 'round trip', messageOf(error), 'see that this process may write, read and list'))
  }
  return [...findings, await deletion(store, bodies.map(contentId)), persistence(store)]
}

async function listed(store: AttachmentStore, id: AttachmentId, signal: AbortSignal) {
  for await (const listing of store.list({ prefix: id, signal })) return listing
  return undefined
}

function listingFindings(listing: AttachmentListing | undefined, before: number, after: number): Finding[] {
  if (listing === undefined) {
    return [
      finding(
        'warning',
        'listing',
        'what was put is not listed at once',
        'give audits an age of minutes at least, and see that listings and reads do not come from a replica',
      ),
    ]
  }
  const { lastModifiedMs } = listing
  return [
    finding('ok', 'listing', 'what was put is listed at once'),
    ...(lastModifiedMs === undefined ? [] : [clockFinding('of the store', lastModifiedMs, before, after)]),
  ]
}

/** Compares a time of another clock with when, by ours, it was taken. */
export function clockFinding(whose: string, theirMs: number, before: number, after: number): Finding {
  const ahead = theirMs > after ? theirMs - after : Math.min(0, theirMs - before)
  if (Math.abs(ahead) <= toleratedSkewMs)
    return finding('ok', 'clock', `the clock ${whose} agrees with that of this machine`)
  const seconds = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'}`
  return finding(
    'warning',
    'clock',
    `the clock ${whose} is ${seconds} that of this machine`,
    'set both clocks by the network; meanwhile sweeps and audits take things earlier or later by that much',
  )
}

function slow(putMs: number): Finding {
  return finding(
    'warning',
    'latency',
    `1 KiB took ${ms(putMs)} to put`,
    'run the doctor again; if it stays, run hosts nearer to the store, or look at its load',
  )
}

async function deletion(store: AttachmentStore, ids: readonly AttachmentId[]): Promise<Finding> {
  try {
    for (const id of ids) await store.delete(id)
    for (const id of ids) if ((await store.stat(id)) !== undefined) throw new Error(`${id} is there after its deletion`)
    return finding('ok', 'deletion', 'what was put is deleted again')
  } catch (error) {
    return finding(
      'problem',
      'deletion',
      messageOf(error),
      `let this process delete: sweeps have to; then delete what the doctor has put: ${ids.join(' ')}`,
    )
  }
}

function persistence({ persistence }: AttachmentStore): Finding {
  if (persistence === 'durable') return finding('ok', 'durability', 'what is put survives a power cut')
  if (persistence === 'crash-safe') {
    return finding(
      'warning',
      'durability',
      'a power cut may take what was put last',
      'open the store with full durability',
    )
  }
  return finding('warning', 'durability', 'bytes end with the process', 'keep them in a store that outlives it')
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await call()
  return performance.now() - start
}

function ms(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
}
