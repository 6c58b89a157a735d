import type { Contender } from '../contender.ts'

export const contenders: readonly Contender[] = []
