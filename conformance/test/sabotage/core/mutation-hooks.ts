import { registerMutants, swapped } from '../../mutants/mutation-hooks.ts'
import { mutants } from './mutants.ts'

registerMutants(mutant =>
  (mutants[mutant]?.swaps ?? []).map(({ file, part, other }) => ({
    file,
    applied: source => swapped(file, source, part, other),
  })),
)
