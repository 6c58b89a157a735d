import { generateId, type UIMessage } from 'ai'
import Database from 'better-sqlite3'

/** The chat that a request is about, if the one who asks may see it. */
export type ChatOf = (request: Request) => string | undefined

/** The host's own tables: who owns which chat, and what was said in it. They know nothing of attachments. */
export class Tables {
  readonly database: Database.Database

  constructor(path: string) {
    this.database = new Database(path)
    this.database.pragma('journal_mode = WAL')
    this.database.pragma('synchronous = FULL') // a turn that was saved survives a power cut
    this.database.pragma('foreign_keys = ON')
    this.database.exec(`
      CREATE TABLE IF NOT EXISTS chats (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        made INTEGER NOT NULL,
        deleting INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE IF NOT EXISTS messages (
        position INTEGER PRIMARY KEY,
        chat TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        json TEXT NOT NULL, -- as the AI SDK has it, with attachment: URLs in place of bytes
        deleting INTEGER NOT NULL DEFAULT 0,
        UNIQUE (chat, id)
      ) STRICT;
    `)
  }

  addChat(owner: string, id: string = generateId()): string {
    this.database.prepare('INSERT INTO chats (id, owner, made) VALUES (?, ?, ?)').run(id, owner, Date.now())
    return id
  }

  /** Newest first, each with the beginning of its first message. */
  chatsOf(owner: string): { id: string; title: string }[] {
    const rows = this.database.prepare(`
      SELECT id, (SELECT json FROM messages WHERE chat = chats.id ORDER BY position LIMIT 1) AS json
      FROM chats WHERE owner = ? AND deleting = 0 ORDER BY made DESC, rowid DESC
    `)
    return (rows.all(owner) as { id: string; json: string | null }[]).map(({ id, json }) => ({
      id,
      title: json === null ? 'New chat' : titleOf(JSON.parse(json)),
    }))
  }

  isOwner(owner: string, chat: string): boolean {
    const sql = 'SELECT 1 FROM chats WHERE id = ? AND owner = ? AND deleting = 0'
    return this.database.prepare(sql).get(chat, owner) !== undefined
  }

  /**
   * For the transactions that save something. A message that is there already stays as it is: a browser sends again
   * when it has heard no answer.
   * @throws Error when the chat is being deleted: it gets nothing more.
   */
  add(chat: string, message?: UIMessage): void {
    const open = this.database.prepare('SELECT 1 FROM chats WHERE id = ? AND deleting = 0').get(chat)
    if (open === undefined) throw new Error(`there is no chat ${chat}`)
    if (message === undefined) return
    const sql = 'INSERT INTO messages (chat, id, json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    this.database.prepare(sql).run(chat, message.id, JSON.stringify(message))
  }

  messagesOf(chat: string): UIMessage[] {
    const sql = 'SELECT json FROM messages WHERE chat = ? AND deleting = 0 ORDER BY position'
    return this.database
      .prepare(sql)
      .pluck()
      .all(chat)
      .map(json => JSON.parse(json as string))
  }

  /** How much the log of a chat takes, in bytes. */
  logByteLength(chat: string): number {
    const sql = 'SELECT coalesce(sum(octet_length(json)), 0) FROM messages WHERE chat = ? AND deleting = 0'
    return this.database.prepare(sql).pluck().get(chat) as number
  }

  /** A chat or, with a message, that one alone: from here on nobody sees it. */
  markDeleting(chat: string, message?: string): void {
    if (message === undefined) this.database.prepare('UPDATE chats SET deleting = 1 WHERE id = ?').run(chat)
    else this.database.prepare('UPDATE messages SET deleting = 1 WHERE chat = ? AND id = ?').run(chat, message)
  }

  /** What was marked and is not yet erased: at the start of a process, what a crash has interrupted. */
  deletions(): { chat: string; message?: string }[] {
    const chats = this.database.prepare('SELECT id AS chat FROM chats WHERE deleting = 1').all()
    const messages = this.database.prepare('SELECT chat, id AS message FROM messages WHERE deleting = 1').all()
    return [...chats, ...messages] as { chat: string; message?: string }[]
  }

  erase(chat: string, message?: string): void {
    if (message === undefined) this.database.prepare('DELETE FROM chats WHERE id = ?').run(chat)
    else this.database.prepare('DELETE FROM messages WHERE chat = ? AND id = ?').run(chat, message)
  }

  close(): void {
    this.database.close()
  }
}

function titleOf({ parts }: UIMessage): string {
  const text = parts.find(part => part.type === 'text')?.text.trim()
  if (text) return text.slice(0, 60)
  return parts.find(part => part.type === 'file')?.filename ?? 'A message without words'
}
