import type { AttachmentCreateMeta } from '@lash/attachments-core'

/** Values of many rows for the four columns of metadata, an array for each column. */
export function metaColumnArrays(metas: readonly (AttachmentCreateMeta | undefined)[]): unknown[] {
  return [
    metas.map(meta => meta?.mediaType ?? null),
    metas.map(meta => meta?.width ?? null),
    metas.map(meta => meta?.height ?? null),
    metas.map(meta => meta?.label ?? null),
  ]
}

/**
 * Many bodies as one value: the position at which each begins, counted from 1, and all the bytes. `pg` would send an
 * array of `bytea` as text, which the server reads slowly.
 */
export function concatenatedBodies(bodies: readonly Uint8Array[]): [starts: number[], bytes: Uint8Array] {
  const starts: number[] = []
  let start = 1
  for (const body of bodies) {
    starts.push(start)
    start += body.byteLength
  }
  return [starts, Buffer.concat(bodies, start - 1)]
}
