import { testMatrix } from './matrix.ts'

testMatrix('lmdb')
