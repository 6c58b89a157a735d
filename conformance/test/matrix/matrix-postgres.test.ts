import { testMatrix } from './matrix.ts'

testMatrix('postgres')
