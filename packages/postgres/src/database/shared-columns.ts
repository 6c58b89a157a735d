import type { AttachmentCreateMeta } from '@lash/attachments-core'

/** The four columns of metadata of many rows, as arrays. */
export function metaArrays(metas: readonly (AttachmentCreateMeta | undefined)[]): unknown[] {
  return [
    metas.map(meta => meta?.mediaType ?? null),
    metas.map(meta => meta?.width ?? null),
    metas.map(meta => meta?.height ?? null),
    metas.map(meta => meta?.label ?? null),
  ]
}

/** Many bodies as one value: where each begins, from 1, and all the bytes. An array of `bytea` would be sent as text, and read slowly. */
export function joinedBodies(bodies: readonly Uint8Array[]): [starts: number[], bytes: Uint8Array] {
  const starts: number[] = []
  let start = 1
  for (const body of bodies) {
    starts.push(start)
    start += body.byteLength
  }
  return [starts, Buffer.concat(bodies, start - 1)]
}
