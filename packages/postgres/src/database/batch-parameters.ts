import type { AttachmentCreateMeta } from '@lash/attachments-core'

/** Values of many rows for the four columns of metadata, an array for each column. */
export function metaColumnArrays(metas: readonly (AttachmentCreateMeta | undefined)[]): unknown[] {
  return [
    columnArray(metas.map(meta => meta?.mediaType)),
    columnArray(metas.map(meta => meta?.width)),
    columnArray(metas.map(meta => meta?.height)),
    columnArray(metas.map(meta => meta?.label)),
  ]
}

/** Null when no row has a value: an `unnest` of several arrays fills up the shorter ones, and null is soon sent. */
export function columnArray<T>(values: readonly (T | null | undefined)[]): (T | null)[] | null {
  return values.some(value => value != null) ? values.map(value => value ?? null) : null
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
