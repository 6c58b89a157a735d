import type { Database } from 'better-sqlite3'
import { ClaimTable } from '../manifest/claim-table.ts'
import { GenerationTable } from '../manifest/generation-table.ts'
import { RefTable } from '../manifest/ref-table.ts'
import { BlobTable } from '../store/blob-table.ts'
import { UploadTable } from '../store/upload-table.ts'

/** The statements about our tables, prepared on one connection. Those that write belong in a transaction. */
export class Tables {
  readonly blobs: BlobTable
  readonly uploads: UploadTable
  readonly generations: GenerationTable
  readonly refs: RefTable
  readonly claims: ClaimTable

  constructor(database: Database) {
    this.blobs = new BlobTable(database)
    this.uploads = new UploadTable(database)
    this.generations = new GenerationTable(database)
    this.refs = new RefTable(database, this.generations)
    this.claims = new ClaimTable(database, this.generations)
  }
}
