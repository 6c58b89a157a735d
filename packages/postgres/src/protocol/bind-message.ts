/** Bytes from which a value is sent as it is, and not copied into the message. */
const uncopiedBytes = 16 * 1024

/**
 * The parts of a Bind message: the values of a statement's parameters. All but big values are in one buffer, with the messages that follow. Bytes
 * are binary, everything else is text.
 */
export function bindMessage(
  statement: string,
  values: readonly unknown[],
  following: Uint8Array = new Uint8Array(),
): Uint8Array[] {
  const encoded = values.map(encodedValue)
  const lengths = encoded.map(lengthOf)
  const all = lengths.reduce((sum, length) => sum + length, 0)
  const big = encoded.reduce<number>((sum, value, index) => sum + (isBig(value) ? (lengths[index] as number) : 0), 0)
  // Without its first byte, as the server counts it.
  const length = 4 + 1 + statement.length + 1 + 2 + 2 * values.length + 2 + 4 * values.length + all + 4

  const buffer = Buffer.allocUnsafe(1 + length - big + following.length)
  buffer[0] = 'B'.charCodeAt(0)
  let end = buffer.writeInt32BE(length, 1)
  // The portal has no name.
  end = buffer.writeUInt8(0, end)
  end += buffer.write(statement, end)
  end = buffer.writeUInt8(0, end)
  end = buffer.writeInt16BE(values.length, end)
  for (const value of encoded) end = buffer.writeInt16BE(value instanceof Uint8Array ? 1 : 0, end)
  end = buffer.writeInt16BE(values.length, end)

  const parts: Uint8Array[] = []
  let start = 0
  for (const [index, value] of encoded.entries()) {
    if (value === null) {
      end = buffer.writeInt32BE(-1, end)
      continue
    }
    end = buffer.writeInt32BE(lengths[index] as number, end)
    if (typeof value === 'string') {
      end += buffer.write(value, end)
    } else if (isBig(value)) {
      parts.push(buffer.subarray(start, end), value)
      start = end
    } else {
      buffer.set(value, end)
      end += value.byteLength
    }
  }
  // Every column of the result as text.
  end = buffer.writeInt16BE(1, end)
  end = buffer.writeInt16BE(0, end)
  buffer.set(following, end)
  parts.push(start === 0 ? buffer : buffer.subarray(start))
  return parts
}

type Encoded = string | Uint8Array | null

function isBig(value: Encoded): boolean {
  return value instanceof Uint8Array && value.byteLength >= uncopiedBytes
}

function lengthOf(value: Encoded): number {
  if (value === null) return 0
  return typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength
}

function encodedValue(value: unknown): Encoded {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  return Array.isArray(value) ? `{${value.map(encodedElement).join(',')}}` : String(value)
}

function encodedElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value)
}
