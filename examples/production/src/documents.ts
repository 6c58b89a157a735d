import { createHash, randomUUID } from 'node:crypto'
import type { Upload } from './host/take-turn.ts'

/** What many conversations are about, so that many hold the same bytes. */
const shared: readonly (readonly [label: string, mediaType: string, byteLength: number])[] = [
  ['logo.png', 'image/png', 4_100],
  ['price-list.csv', 'text/csv', 11_000],
  ['floor-plan.svg', 'image/svg+xml', 23_500],
  ['team.jpeg', 'image/jpeg', 61_000],
  ['contract.pdf', 'application/pdf', 70_000],
  ['invoice.pdf', 'application/pdf', 38_200],
  ['minutes.md', 'text/markdown', 1_900],
  ['jingle.wav', 'audio/wav', 180_000],
  ['screenshot.png', 'image/png', 240_000],
  ['handbook.pdf', 'application/pdf', 900_000],
  ['empty.txt', 'text/plain', 0],
  ['recording.mp4', 'video/mp4', 2_000_000],
]

/** The documents that every worker has. Their bytes follow from their names, so that they are the same in every process. */
export const sharedDocuments: readonly Upload[] = shared.map(([label, mediaType, byteLength]) => ({
  bytes: createHash('shake256', { outputLength: Math.max(1, byteLength) })
    .update(label)
    .digest()
    .subarray(0, byteLength),
  meta: { mediaType, label },
}))

/** Bytes that nobody else has. */
export function ownNote(): Upload {
  const text = `# A note that is only here\n\n${randomUUID()}\n`.repeat(1 + Math.floor(Math.random() * 60))
  return { bytes: new TextEncoder().encode(text), meta: { mediaType: 'text/markdown', label: 'note.md' } }
}

/** What a user might send along: one to three shared documents, and often something of their own. */
export function randomUploads(): Upload[] {
  const documents = new Set<Upload>()
  for (let count = 1 + Math.floor(Math.random() * 3); count > 0; count--) documents.add(randomDocument())
  return Math.random() < 0.6 ? [...documents, ownNote()] : [...documents]
}

/** Small ones more often than large ones. */
function randomDocument(): Upload {
  return sharedDocuments[Math.floor(Math.random() ** 1.7 * sharedDocuments.length)] as Upload
}
