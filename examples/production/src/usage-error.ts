/** Something that the person who runs the example can put right. Shown without a stack. */
export class UsageError extends Error {}
