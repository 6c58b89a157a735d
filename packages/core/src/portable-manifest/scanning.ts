import type { AttachmentManifestDriver } from './driver.ts'
import { after, type KeyRange } from './keys.ts'

/** The most keys or entries that a driver is asked for at once. */
export const pageSize = 1000

type Entries = [key: string, value: string][]

/** The entries of the range, page by page. */
export async function* pagesOf(
  driver: AttachmentManifestDriver,
  { start, end }: KeyRange,
): AsyncGenerator<Entries, void, void> {
  for (let from = start; ; ) {
    const page = await driver.scan({ start: from, end, limit: pageSize })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    if (page.length < pageSize) return
    from = after(last[0])
  }
}

/** The first entries of the range. */
export async function entriesOf(
  driver: AttachmentManifestDriver,
  range: KeyRange,
  limit: number = Number.POSITIVE_INFINITY,
): Promise<Entries> {
  if (limit <= pageSize) return driver.scan({ ...range, limit })
  const entries: Entries = []
  for await (const page of pagesOf(driver, range)) {
    for (const entry of page) entries.push(entry)
    if (entries.length >= limit) return entries.slice(0, limit)
  }
  return entries
}
