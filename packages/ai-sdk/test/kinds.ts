import type {
  AssistantContent,
  FilePart,
  ToolContent,
  ToolResultPart,
  UIMessage,
  UIMessageChunk,
  UserContent,
} from 'ai'

/** The kind of a part: its type, where the names of tools and of data count as one. */
type KindOf<Part> = Part extends { type: infer Type }
  ? `tool-${string}` extends Type
    ? 'tool-*'
    : `data-${string}` extends Type
      ? 'data-*'
      : Type
  : never

export type UIPartKind = KindOf<UIMessage['parts'][number]>
export type ChunkKind = KindOf<UIMessageChunk>
export type UserKind = KindOf<Exclude<UserContent, string>[number]>
export type AssistantKind = KindOf<Exclude<AssistantContent, string>[number]>
export type ToolKind = KindOf<ToolContent[number]>
export type OutputKind = KindOf<ToolResultPart['output']>
export type ContentKind = KindOf<Extract<ToolResultPart['output'], { type: 'content' }>['value'][number]>
export type TagKind = KindOf<Extract<FilePart['data'], { type: string }>>

/** By kind, no kind missing and none too many: when the SDK's types change, this does not compile. */
export type Table<Kind extends string, Row> = Record<Kind, readonly Row[]>
