import type { Operation } from '../writing/operations.ts'

interface HasBytes {
  bytes: Uint8Array
}

/**
 * The operations with copies of their bytes, all in one buffer, which is transferred to another thread and back. The
 * originals stay: they may be the caller's, and are needed should the thread be lost. One buffer that goes back and
 * forth leaves no garbage.
 * @param spare is used when it is big enough.
 */
export function packOperations(
  operations: readonly Operation[],
  spare: ArrayBuffer | undefined,
): { operations: Operation[]; buffer: ArrayBuffer } {
  let length = 0
  for (const operation of operations) for (const { bytes } of bodiesOf(operation)) length += bytes.byteLength
  const buffer = spare !== undefined && spare.byteLength >= length ? spare : new ArrayBuffer(length)
  let offset = 0
  const pack = <E extends HasBytes>(body: E): E => {
    const bytes = new Uint8Array(buffer, offset, body.bytes.byteLength)
    bytes.set(body.bytes)
    offset += bytes.byteLength
    return { ...body, bytes }
  }
  return { operations: operations.map(operation => withBodies(operation, pack)), buffer }
}

function bodiesOf({ request }: Operation): readonly HasBytes[] {
  if ('chunks' in request) return request.chunks
  if ('blob' in request && 'bytes' in request.blob.body) return [request.blob.body]
  return []
}

function withBodies(operation: Operation, change: <E extends HasBytes>(body: E) => E): Operation {
  const { kind, request } = operation
  if ('chunks' in request) return { kind, request: { ...request, chunks: request.chunks.map(change) } }
  if (!('blob' in request) || !('bytes' in request.blob.body)) return operation
  const blob = { ...request.blob, body: change(request.blob.body) }
  return { kind, request: { ...request, blob } as Operation['request'] }
}
