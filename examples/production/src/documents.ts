import { createHash, randomUUID } from 'node:crypto'
import type { Upload } from './host/turns.ts'

/** What many conversations are about, so that many hold the same bytes. */
const documents: readonly Upload[] = [
  document('logo.png', 'image/png', 4_100),
  document('price-list.csv', 'text/csv', 11_000),
  document('floor-plan.svg', 'image/svg+xml', 23_500),
  document('team.jpeg', 'image/jpeg', 61_000),
  document('contract.pdf', 'application/pdf', 70_000),
  document('invoice.pdf', 'application/pdf', 38_200),
  document('minutes.md', 'text/markdown', 1_900),
  document('jingle.wav', 'audio/wav', 180_000),
  document('screenshot.png', 'image/png', 240_000),
  document('handbook.pdf', 'application/pdf', 900_000),
  document('empty.txt', 'text/plain', 0),
  document('recording.mp4', 'video/mp4', 2_000_000),
]

/** Its bytes follow from its name, so that they are the same in every process. */
function document(label: string, mediaType: string, byteLength: number): Upload {
  const hash = createHash('shake256', { outputLength: Math.max(1, byteLength) })
  return { bytes: hash.update(label).digest().subarray(0, byteLength), meta: { mediaType, label } }
}

/** What a user might send along: one to three of the documents that everybody has, and often a note of their own. */
export function randomUploads(): Upload[] {
  const uploads = new Set<Upload>()
  for (let count = 1 + Math.floor(Math.random() * 3); count > 0; count--) {
    // Small ones more often than large ones.
    uploads.add(documents[Math.floor(Math.random() ** 1.7 * documents.length)] as Upload)
  }
  if (Math.random() < 0.6) uploads.add(ownNote())
  return [...uploads]
}

/** Bytes that nobody else has. */
export function ownNote(): Upload {
  const text = `# A note that is only here\n\n${randomUUID()}\n`.repeat(1 + Math.floor(Math.random() * 60))
  return { bytes: new TextEncoder().encode(text), meta: { mediaType: 'text/markdown', label: 'note.md' } }
}
